"""Writes that another server answers: no such response is accepted, and each write is retried."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from pressmark.archive.s3 import conditional_write
from pressmark.archive.s3.multipart import put_large
from pressmark.archive.s3.store import TEXT, Store
from pressmark.config import Config
from pressmark.errors import BucketUnreachable
from tests.support.s3_proxy import Answer, Fault, Proxy, Request, times

DATA = b"a line\n" * 2000
DIGEST = hashlib.sha256(DATA).hexdigest()
HTML = b"<html><p>Please log in</p></html>"
OTHER_MD5 = '"00000000000000000000000000000000"'
FALSE = {
    "HTML": Answer(200, {"Content-Type": "text/html", "Content-Length": str(len(HTML))}, HTML),
    "empty": Answer(200, {"Content-Length": "0"}, b""),
    "204": Answer(204, {"ETag": '"x"'}, b""),
    "202": Answer(202, {"Content-Length": "0", "ETag": '"x"'}, b""),
    "the ETag of other bytes": Answer(200, {"Content-Length": "0", "ETag": OTHER_MD5}, b""),
    "an ETag that is no MD5": Answer(200, {"Content-Length": "0", "ETag": '"65a1b2c3-1f4"'}, b""),
    "an ETag without quotes": Answer(200, {"Content-Length": "0", "ETag": "x"}, b""),
    "the SHA-256 of other bytes": Answer(
        200, {"Content-Length": "0", "ETag": '"x"', "x-amz-checksum-sha256": "A" * 43 + "="}, b""
    ),
}
OF_BYTES = {"the ETag of other bytes", "an ETag that is no MD5", "the SHA-256 of other bytes"}
CALLS: dict[str, Callable[[Store, Path], object]] = {
    "put": lambda store, path: store.put("new", DATA),
    "put_new": lambda store, path: store.put_new("new", DATA),
    "put_file": lambda store, path: store.put_file("new", path, DIGEST, TEXT),
    "put_if_unchanged": lambda store, path: conditional_write.put_if_unchanged(store, "new", path, DIGEST, TEXT, None),
    "put_large": lambda store, path: put_large(store, "new", path, DIGEST, TEXT),
}
STEPS: dict[str, Callable[[Request], bool]] = {
    "PUT": lambda request: request.method == "PUT" and request.path.endswith("/new"),
    "begin": lambda request: request.method == "POST" and request.query.startswith("uploads"),
    "complete": lambda request: request.method == "POST" and request.query.startswith("uploadId="),
}
CASES = [
    pytest.param(CALLS[call], STEPS[step], answer, id=f"{call}-{step}-{name}")
    for call in CALLS
    for step in STEPS
    for name, answer in FALSE.items()
    if step == "PUT" or (call == "put_large" and name not in OF_BYTES)
]


@pytest.fixture
def store(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setattr("pressmark.archive.s3.patience.FIRST", 0.02)
    return attrs.evolve(Store.open(Config.from_env(os.environ)), patience=1.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(DATA)
    return path


@pytest.mark.parametrize(("call", "step", "answer"), CASES)
def test_a_false_answer_to_a_write_is_asked_again(
    store: Store,
    proxy: Proxy,
    path: Path,
    call: Callable[[Store, Path], object],
    step: Callable[[Request], bool],
    answer: Answer,
) -> None:
    false = Fault(answer=answer, reaches_server=False)
    proxy.rule = times(2, false, step)
    call(store, path)
    assert store.get("new") == DATA

    proxy.rule = lambda request: false if step(request) else None
    with pytest.raises(BucketUnreachable, match=r"(bucket 'test-\w+' at http).*(is incomplete|is not S3|not ready)"):
        call(attrs.evolve(store, patience=0.1), path)


def test_the_server_has_done_it_and_something_else_answers(store: Store, proxy: Proxy, path: Path) -> None:
    for name, call in CALLS.items():
        for answer in FALSE.values():
            proxy.rule = times(1, Fault(answer=answer), STEPS["PUT"])
            call(store, path)
            assert store.get("new") == DATA, name
            store.client.delete_object(Bucket=store.bucket, Key="new")


def test_a_server_that_repeats_no_checksum_is_believed_by_its_etag(store: Store, proxy: Proxy, path: Path) -> None:
    def without_checksum(answer: Answer) -> Answer:
        headers = {name: value for name, value in answer.headers.items() if "checksum" not in name.lower()}
        return attrs.evolve(answer, headers=headers)

    proxy.rule = lambda request: Fault(alter=without_checksum)
    for call in CALLS.values():
        call(store, path)
        assert store.get("new") == DATA
        store.client.delete_object(Bucket=store.bucket, Key="new")


def test_an_encrypted_object_has_an_etag_of_its_own(store: Store, proxy: Proxy) -> None:
    def encrypted(answer: Answer) -> Answer:
        headers = {name: value for name, value in answer.headers.items() if name.lower() != "etag"}
        headers = {name: value for name, value in headers.items() if "checksum" not in name.lower()}
        return attrs.evolve(answer, headers=headers | {"ETag": OTHER_MD5, "x-amz-server-side-encryption": "aws:kms"})

    proxy.rule = lambda request: Fault(alter=encrypted)
    assert store.put("new", DATA)
    assert len([each for each in proxy.requests if each.method == "PUT"]) == 1
