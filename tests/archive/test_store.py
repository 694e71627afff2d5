import hashlib
import os
from pathlib import Path

import attrs
import boto3
import pytest

from pressmark.archive.s3.presigned import Presigned
from pressmark.archive.s3.store import WARC, Store
from pressmark.config import Config
from pressmark.errors import BucketRefused, BucketUnreachable

SHA256 = hashlib.sha256(b"two lamps").hexdigest()


def test_an_object_comes_back_whole_and_in_part(store: Store) -> None:
    stored = store.put("a/1.json", b"two lamps")
    assert (stored.key, stored.size, stored.sha256) == ("a/1.json", 9, SHA256)
    assert store.get("a/1.json") == b"two lamps"
    assert store.get("a/1.json", 4, 3) == b"lam"
    assert store.get("a/1.json", 0, 1) == b"t"


def test_a_key_is_written_once(store: Store) -> None:
    assert store.put_new("a", b"first") is not None
    assert store.put_new("a", b"second") is None
    assert store.get("a") == b"first"


def test_a_file_must_match_its_checksum(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"two lamps")
    assert store.put_file("w", path, SHA256, WARC).size == 9
    assert store.get("w") == b"two lamps"
    with pytest.raises(BucketUnreachable, match="received damaged bytes"):
        attrs.evolve(store, patience=0.1).put_file("bad", path, "00" * 32, WARC)
    with pytest.raises(KeyError):
        store.get("bad")


def test_keys_are_listed_in_order_below_a_prefix(store: Store) -> None:
    for key in ("b/2", "b/1", "c/1"):
        store.put(key, b"")
    assert list(store.keys("b/")) == ["b/1", "b/2"]
    assert list(store.keys("b/", after="b/1")) == ["b/2"]
    assert list(store.keys("none/")) == []


def test_an_unreachable_bucket_is_an_error(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    with pytest.raises(BucketUnreachable, match=r"127\.0\.0\.1:9.*AWS_ENDPOINT_URL_S3"):
        Store.open(Config.from_env(os.environ))


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("AWS_SECRET_ACCESS_KEY", "wrong", "AWS_SECRET_ACCESS_KEY"),
        ("PRESSMARK_BUCKET", "no-such-bucket", "no-such-bucket.*PRESSMARK_BUCKET"),
        ("AWS_ENDPOINT_URL_S3", "no address", "Invalid endpoint"),
    ],
)
def test_a_refusal_says_what_to_set(
    store: Store, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, message: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(BucketRefused, match=message):
        Store.open(Config.from_env(os.environ))


def test_missing_keys_are_an_error(store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(variable)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(BucketRefused, match="set AWS_ACCESS_KEY_ID"):
        Store.open(Config.from_env(os.environ))


@pytest.mark.parametrize("data", [b"", b"lamp", "Zürich, 中文".encode() * 100_000])
def test_an_object_is_read_whole_by_presigned_url_and_by_boto3(store: Store, data: bytes) -> None:
    key = "articles/news/2022/02/18/a b+c%25/ü.json"
    store.put(key, data)
    assert store.get(key) == Presigned(store.client, store.bucket).get(key) == data
    unreachable = boto3.Session().client("s3", endpoint_url="http://127.0.0.1:9")
    assert Presigned(unreachable, store.bucket).get(key) is None
    if data:
        assert store.get(key, 0, len(data)) == data


def test_missing_is_not_the_same_as_forbidden(store: Store) -> None:
    with pytest.raises(KeyError):
        store.get("articles/none.json")
    assert Presigned(store.client, "no-such-bucket").get("articles/none.json") is None
