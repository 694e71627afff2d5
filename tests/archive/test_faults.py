"""The real S3 server behind a proxy with faults: retries or clear errors, and no truncated response is accepted."""

import hashlib
import io
import itertools
import os
import re
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pressmark.archive.s3 import conditional_write
from pressmark.archive.s3.multipart import put_large, sha256_of, stream
from pressmark.archive.s3.s3_errors import PreconditionFailed
from pressmark.archive.s3.store import WARC, Store
from pressmark.config import Config
from pressmark.errors import BucketError, BucketRefused, BucketUnreachable, ClockWrong, FindingsFound, KeysExpired
from pressmark.local.s3server import RunningS3
from tests.support.s3_proxy import Answer, Fault, Proxy, error, of, times

DATA = bytes(range(256)) * 40
KEY = "articles/news/2022/02/18/WS1/20220218T005300Z.json"


@pytest.fixture
def store(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The bucket through the proxy, with a patience of one second and short first pauses."""
    monkeypatch.setattr("pressmark.archive.s3.patience.FIRST", 0.02)
    found = attrs.evolve(Store.open(Config.from_env(os.environ)), patience=1.0)
    found.put(KEY, DATA)
    return found


def read_by_file(store: Store) -> bytes:
    file = io.BytesIO()
    stored = store.fetch(KEY, file)
    assert (stored.size, stored.sha256) == (len(DATA), hashlib.sha256(DATA).hexdigest())
    return file.getvalue()


def read_by_stream(store: Store) -> bytes:
    etag = conditional_write.etag(store, KEY)
    assert etag
    return b"".join(stream(store, KEY, etag, 0, len(DATA)))


READS: dict[str, Callable[[Store], bytes]] = {
    "whole": lambda store: store.get(KEY),
    "part": lambda store: store.get(KEY, 0, len(DATA)),
    "end": lambda store: DATA[:9] + store.get(KEY, 9),
    "file": read_by_file,
    "stream": read_by_stream,
}
GET = of("GET", "/articles/.*json")


@pytest.mark.parametrize("read", READS.values(), ids=READS)
@pytest.mark.parametrize("reset", [False, True], ids=["ended", "reset"])
@pytest.mark.parametrize("cut", [0, 12, 100, -1, -len(DATA), -len(DATA) // 2])
def test_a_cut_answer_is_asked_for_again(
    store: Store, proxy: Proxy, read: Callable[[Store], bytes], cut: int, reset: bool
) -> None:
    proxy.rule = times(2, Fault(cut=cut, reset=reset), GET)
    assert read(store) == DATA


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_what_is_always_cut_is_an_error_and_no_verdict(
    store: Store, proxy: Proxy, read: Callable[[Store], bytes]
) -> None:
    proxy.rule = lambda request: Fault(cut=-10) if GET(request) else None
    with pytest.raises(BucketUnreachable, match=r"incomplete|no answer"):
        read(attrs.evolve(store, patience=0.1))


def without_length(answer: Answer) -> Answer:
    return attrs.evolve(
        answer, headers={name: value for name, value in answer.headers.items() if name != "Content-Length"}
    )


def other_bytes(answer: Answer) -> Answer:
    return attrs.evolve(answer, body=answer.body[:-1] + b"!")


def test_other_bytes_than_those_of_the_etag_are_read_again(store: Store, proxy: Proxy) -> None:
    proxy.rule = times(1, Fault(alter=other_bytes), GET)
    assert store.get(KEY) == DATA
    half = Fault(alter=lambda answer: without_length(attrs.evolve(answer, body=answer.body[:70])))
    proxy.rule = times(2, half, GET)
    assert store.get(KEY) == DATA, "no length showed that it was cut"


def test_an_etag_that_is_no_digest_is_believed_when_the_same_comes_again(store: Store, proxy: Proxy) -> None:
    def own_etag(answer: Answer) -> Answer:
        headers = {name: value for name, value in answer.headers.items() if name.lower() != "etag"}
        return attrs.evolve(answer, headers=headers | {"ETag": '"00000000000000000000000000000000"'})

    proxy.rule = lambda request: Fault(alter=own_etag)
    assert store.get(KEY) == DATA


@pytest.mark.parametrize("etag", ['"65a1b2c3-1f4"', 'W/"65a1b2c3-1f4"', '"x"'])
def test_a_page_of_another_server_with_an_etag_is_no_object(store: Store, proxy: Proxy, etag: str) -> None:
    page = b"<html><p>Welcome to nginx!</p></html>"
    nginx = Answer(200, {"Content-Type": "text/html", "Content-Length": str(len(page)), "ETag": etag}, page)
    proxy.rule = times(1, Fault(answer=nginx), GET)
    assert store.get(KEY) == DATA
    proxy.rule = times(1, Fault(answer=nginx), GET)
    with TemporaryFile() as file:
        assert store.fetch(KEY, file).size == len(DATA)


PORTAL = Answer(200, {"Content-Type": "text/html", "Content-Length": "30"}, b"<html><p>Please log in</p></ht")
XHTML = Answer(200, {"Content-Type": "text/html", "Content-Length": "26"}, b"<html><p>Log in</p></html>")
EMPTY = Answer(200, {"Content-Length": "0"}, b"")
FAILED = attrs.evolve(error(200, "InternalError"), status=200)
ODD = {"HTML": PORTAL, "XHTML": XHTML, "empty": EMPTY, "an error with 200": FAILED}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_what_is_no_answer_of_s3_is_neither_a_listing_nor_an_object(store: Store, proxy: Proxy, odd: Answer) -> None:
    proxy.rule = times(2, Fault(answer=odd), of("GET"))
    assert list(store.keys("articles/")) == [KEY]
    proxy.rule = times(3, Fault(answer=odd), of("GET"))
    assert store.get(KEY) == DATA
    proxy.rule = lambda request: Fault(answer=odd) if request.method == "GET" else None
    for ask in (lambda: list(store.keys("articles/")), lambda: list(store.folders("")), lambda: store.get(KEY)):
        with pytest.raises(BucketUnreachable, match=r"is incomplete|is not S3|not ready"):
            ask()


def test_a_part_is_not_the_whole_nor_another_part(store: Store, proxy: Proxy) -> None:
    whole = Answer(200, {"Content-Length": str(len(DATA)), "ETag": '"x"'}, DATA)
    proxy.rule = times(1, Fault(answer=whole), GET)
    assert store.get(KEY, 3, 7) == DATA[3:10]
    proxy.rule = lambda request: Fault(answer=whole) if GET(request) else None
    with pytest.raises(BucketUnreachable, match="a range was requested, but the response is 200"):
        store.get(KEY, 3, 7)

    def moved(answer: Answer) -> Answer:
        return attrs.evolve(answer, headers=answer.headers | {"Content-Range": f"bytes 4-10/{len(DATA)}"})

    proxy.rule = times(1, Fault(alter=moved), GET)
    assert store.get(KEY, 3, 7) == DATA[3:10]
    assert store.get(KEY, len(DATA) - 2, 7) == DATA[-2:]
    with pytest.raises(KeyError):
        store.get(KEY, len(DATA), 7)


LISTING = of("GET", "list-type=2")


def test_a_listing_that_is_cut_anywhere_is_asked_for_again(store: Store, proxy: Proxy) -> None:
    store.put("articles/other", b"")
    [listed] = [answered(store, proxy)]
    for cut in range(1, len(listed.body), 101):
        shorter = listed.body[:cut]
        shortened = attrs.evolve(listed, body=shorter, headers=listed.headers | {"Content-Length": str(len(shorter))})
        for fault in (Fault(answer=shortened), Fault(cut=-cut), Fault(alter=without_length, cut=-cut)):
            proxy.rule = times(1, fault, LISTING)
            assert list(store.keys("articles/")) == [KEY, "articles/other"], cut


def answered(store: Store, proxy: Proxy) -> Answer:
    found: list[Answer] = []

    def note(answer: Answer) -> Answer:
        found.append(answer)
        return answer

    proxy.rule = lambda request: Fault(alter=note)
    assert list(store.keys("articles/"))
    proxy.rule = lambda request: None
    return found[-1]


LISTED: dict[str, tuple[bytes, bytes]] = {
    "no key": (rb"<Key>[^<]*</Key>", b""),
    "no size": (rb"<Size>[^<]*</Size>", b""),
    "no ETag": (rb"<ETag>[^<]*</ETag>", b""),
    "a size of letters": (rb"<Size>[^<]*</Size>", b"<Size>abc</Size>"),
    "a negative size": (rb"<Size>[^<]*</Size>", b"<Size>-1</Size>"),
    "an invalid time": (rb"<LastModified>[^<]*</LastModified>", b"<LastModified>yesterday</LastModified>"),
    "a key of another prefix": (rb"<Key>articles/", b"<Key>other/"),
}


@pytest.mark.parametrize(("pattern", "other"), LISTED.values(), ids=LISTED)
def test_an_odd_entry_of_a_listing_is_asked_again(store: Store, proxy: Proxy, pattern: bytes, other: bytes) -> None:
    def alter(answer: Answer) -> Answer:
        body = re.sub(pattern, other, answer.body)
        return attrs.evolve(answer, headers=answer.headers | {"Content-Length": str(len(body))}, body=body)

    proxy.rule = times(2, Fault(alter=alter), of("GET", "list-type"))
    assert list(store.sizes("articles/")) == [(KEY, len(DATA))]
    proxy.rule = lambda request: Fault(alter=alter) if of("GET", "list-type")(request) else None
    for ask in (store.keys, store.sizes, store.etags):
        with pytest.raises(BucketUnreachable, match="is incomplete"):
            list(ask("articles/"))


def more(answer: Answer) -> Answer:
    """Say that more pages follow, with a new token each time."""
    token = f"<NextContinuationToken>{uuid.uuid4().hex}</NextContinuationToken>".encode()
    body = answer.body.replace(b"<IsTruncated>false</IsTruncated>", b"<IsTruncated>true</IsTruncated>" + token)
    return attrs.evolve(answer, headers=answer.headers | {"Content-Length": str(len(body))}, body=body)


def test_a_listing_that_brings_the_same_keys_for_ever_ends(store: Store, proxy: Proxy) -> None:
    kept: list[Answer] = []

    def again(answer: Answer) -> Answer:
        kept.append(answer)
        return more(kept[0])

    proxy.rule = lambda request: Fault(alter=again) if of("GET", "list-type")(request) else None
    with pytest.raises(BucketUnreachable, match="or no new keys"):
        list(store.keys("articles/"))


def test_a_listing_without_end_ends_in_haste(store: Store, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    count = itertools.count()

    def endless(answer: Answer) -> Answer:
        found = more(answer)
        body = found.body.replace(b"<Key>" + KEY.encode(), f"<Key>articles/{next(count):09d}".encode())
        return attrs.evolve(found, headers=found.headers | {"Content-Length": str(len(body))}, body=body)

    first: list[Answer] = []

    def same(answer: Answer) -> Answer:
        first.append(answer)
        return endless(first[0])

    proxy.rule = lambda request: Fault(alter=same) if of("GET", "list-type")(request) else None
    monkeypatch.setattr("pressmark.archive.s3.patience._Shutdown.ends", time.monotonic() + 0.5)
    began = time.monotonic()
    with pytest.raises(BucketUnreachable, match="the listing of articles/ is aborted"):
        list(store.keys("articles/"))
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("token", [b"", b"<NextContinuationToken>same</NextContinuationToken>"])
def test_a_listing_that_never_ends_is_an_error(store: Store, proxy: Proxy, token: bytes) -> None:
    def more(answer: Answer) -> Answer:
        body = answer.body.replace(b"<IsTruncated>false</IsTruncated>", b"<IsTruncated>true</IsTruncated>" + token)
        assert body != answer.body
        return attrs.evolve(answer, body=body, headers=answer.headers | {"Content-Length": str(len(body))})

    proxy.rule = lambda request: Fault(alter=more) if "list-type=2" in request.query else None
    with pytest.raises(BucketUnreachable, match="more pages follow, but has no token"):
        list(store.keys("articles/"))


BUSY = {
    "429": error(429, "TooManyRequests"),
    "429 without words": Answer(429, {"Content-Length": "0"}, b""),
    "503": error(503, "SlowDown"),
    "503 in HTML": Answer(503, {"Content-Length": "13"}, b"<html>No</html>"[:13]),
    "500": error(500, "InternalError"),
    "400 RequestTimeout": error(400, "RequestTimeout"),
    "400 BadDigest": error(400, "BadDigest"),
    "409": error(409, "OperationAborted"),
    "403 RequestTimeTooSkewed": error(403, "RequestTimeTooSkewed"),
    "400 ExpiredToken": error(400, "ExpiredToken"),
}


@pytest.mark.parametrize("answer", BUSY.values(), ids=BUSY)
def test_what_passes_is_waited_out(
    store: Store, proxy: Proxy, tmp_path: Path, answer: Answer, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "segment"
    path.write_bytes(DATA)
    for reached in (False, True):
        name = f"{reached}"
        for ask in (
            lambda: store.get(KEY),
            lambda: store.get(KEY, 0, 5),
            lambda: list(store.keys("articles/")),
            lambda name=name: store.put(f"a/{name}", DATA),
            lambda name=name: store.put_file(f"b/{name}", path, hashlib.sha256(DATA).hexdigest(), WARC),
        ):
            proxy.rule = times(1, Fault(answer=answer, reaches_server=reached))
            ask()
    assert "Waiting for it, 1 s at most" in caplog.text
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("read", [0, 1, 300])
def test_a_request_that_is_reset_is_sent_again(store: Store, proxy: Proxy, tmp_path: Path, read: int) -> None:
    path = tmp_path / "segment"
    path.write_bytes(DATA * 100)
    sha256 = hashlib.sha256(DATA * 100).hexdigest()
    proxy.rule = times(2, Fault(read=read), of("PUT"))
    assert store.put_file("w", path, sha256, WARC).sha256 == sha256
    proxy.rule = times(1, Fault(read=read), of("PUT"))
    assert store.put_new("a/new", DATA)
    assert (store.get("w"), store.get("a/new")) == (DATA * 100, DATA)


def test_a_put_whose_answer_is_lost_has_been_done_once(store: Store, proxy: Proxy) -> None:
    proxy.rule = times(1, Fault(cut=0), of("PUT"))
    assert store.put_new("a/new", DATA) is None, "there is one by now: ours, as the publisher finds by its bytes"
    assert store.get("a/new") == DATA


def test_retry_after_is_kept(store: Store, proxy: Proxy) -> None:
    proxy.rule = times(1, Fault(answer=error(503, "SlowDown", Retry_After="1")), LISTING)
    began = time.monotonic()
    list(attrs.evolve(store, patience=2).keys(""))
    assert time.monotonic() - began >= 1
    proxy.rule = lambda request: Fault(answer=error(503, "SlowDown", Retry_After="3600"))
    began = time.monotonic()
    with pytest.raises(BucketUnreachable, match=r"is not ready \(SlowDown\)"):
        list(attrs.evolve(store, patience=2).keys(""))
    assert time.monotonic() - began < 1, "it said that it will not be there in time"


def test_patience_bounds_all_and_tries_do_not_multiply(store: Store, proxy: Proxy) -> None:
    proxy.rule = lambda request: Fault(answer=error(503, "SlowDown"))
    asked, began = len(proxy.requests), time.monotonic()
    with pytest.raises(BucketUnreachable):
        list(store.keys(""))
    assert 1 <= time.monotonic() - began < 4
    assert 3 <= len(proxy.requests) - asked <= 12


def test_clocks_are_named(store: Store, proxy: Proxy) -> None:
    date = format_datetime(datetime.now(UTC) - timedelta(minutes=47), usegmt=True)
    proxy.rule = lambda request: Fault(answer=error(403, "RequestTimeTooSkewed", Date=date))
    with pytest.raises(ClockWrong, match=r"the clock of this machine says .* UTC.* ours is 47 minutes ahead.*NTP"):
        store.put("a", b"")
    with pytest.raises(ClockWrong, match="47 minutes ahead"):
        store.check()
    proxy.rule = lambda request: Fault(answer=error(403, "RequestTimeTooSkewed", Date="yesterday"))
    with pytest.raises(ClockWrong, match="Set it"):
        store.put("a", b"")


REFUSED: dict[str, tuple[Answer, type[BucketError], str]] = {
    "no bucket": (error(404, "NoSuchBucket"), BucketRefused, "no such bucket.*PRESSMARK_BUCKET.*init-bucket"),
    "no right": (error(403, "AccessDenied"), BucketRefused, "policy.*security.md"),
    "no such keys": (error(403, "InvalidAccessKeyId"), BucketRefused, "AWS_ACCESS_KEY_ID"),
    "wrong keys": (error(403, "SignatureDoesNotMatch"), BucketRefused, "AWS_SECRET_ACCESS_KEY"),
    "no If-None-Match": (error(501, "NotImplemented"), BucketRefused, "If-None-Match.*can't hold an archive"),
    "no If-None-Match, no words": (Answer(501, {"Content-Length": "0"}, b""), BucketRefused, "If-None-Match"),
}


@pytest.mark.parametrize(("answer", "kind", "words"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_pass_fails_at_once(
    store: Store, proxy: Proxy, answer: Answer, kind: type[BucketError], words: str, caplog: pytest.LogCaptureFixture
) -> None:
    proxy.rule = lambda request: Fault(answer=answer, reaches_server=False)
    calls: list[Callable[[], Any]] = [
        lambda: store.put_new("a/new", DATA),
        lambda: store.put("a/new", DATA),
        lambda: store.get(KEY, 0, 4),
        lambda: store.get(KEY),
        lambda: list(store.keys("")),
    ]
    for call in calls:
        asked, began = len(proxy.requests), time.monotonic()
        with pytest.raises(kind, match=words):
            call()
        assert time.monotonic() - began < 2
        assert len(proxy.requests) - asked <= 2, "by a presigned URL, and by boto3"
    assert "Traceback" not in caplog.text


def test_without_if_none_match_nothing_is_written(store: Store, proxy: Proxy) -> None:
    def no_conditions(request: Any) -> Fault | None:
        return (
            Fault(answer=error(501, "NotImplemented"), reaches_server=False)
            if "if-none-match" in request.headers
            else None
        )

    proxy.rule = no_conditions
    with pytest.raises(BucketRefused, match="overwritten"):
        store.put_new("a/new", DATA)
    assert [each.method for each in proxy.requests if each.path.endswith("/a/new")] == ["PUT"]
    with pytest.raises(KeyError):
        store.get("a/new")


def test_expired_keys_say_so(store: Store, proxy: Proxy) -> None:
    proxy.rule = lambda request: Fault(answer=error(400, "ExpiredToken"))
    with pytest.raises(KeysExpired, match=r"have expired.*AWS_SESSION_TOKEN"):
        store.put("a", b"")


@pytest.mark.long
def test_a_kilobyte_a_second_is_as_good_as_nothing(store: Store, proxy: Proxy) -> None:
    store.put("a/large", b"x" * 100_000)
    proxy.rule = lambda request: Fault(rate=1000)
    with pytest.raises(BucketUnreachable, match=r"kB/s"):
        attrs.evolve(store, patience=0.1).get("a/large")


def test_what_is_larger_than_it_may_be_is_not_read(store: Store, proxy: Proxy) -> None:
    assert store.get(KEY, most=len(DATA)) == DATA
    with pytest.raises(FindingsFound, match=f"{KEY} has {len(DATA)} bytes"):
        store.get(KEY, most=len(DATA) - 1)


def test_conditions_hold_through_faults(store: Store, proxy: Proxy) -> None:
    etag = conditional_write.etag(store, KEY)
    assert etag
    store.put(KEY, b"another")
    with pytest.raises(PreconditionFailed):
        list(stream(store, KEY, etag, 0, 3))


FAULTS = st.builds(
    Fault,
    cut=st.none() | st.integers(-len(DATA) - 400, len(DATA) + 400),
    reset=st.booleans(),
    answer=st.none() | st.sampled_from([*BUSY.values(), *ODD.values()]),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(faults=st.lists(FAULTS, max_size=3), read=st.sampled_from(list(READS.values())))
def test_whatever_happens_reads_are_whole_or_an_error(
    store: Store, proxy: Proxy, faults: list[Fault], read: Callable[[Store], bytes]
) -> None:
    left = list(faults)
    proxy.rule = lambda request: left.pop() if left and GET(request) else None
    with suppress(BucketError):
        assert read(store) == DATA


def test_headers_that_are_cut_are_asked_for_again(store: Store, proxy: Proxy, caplog: pytest.LogCaptureFixture) -> None:
    """A connection that ends inside the headers, even after the ETag, gives no partial object and no traceback."""
    store.client.put_object(Bucket=store.bucket, Key="w", Body=DATA, Metadata={"sha256": "abc"})
    sent: list[bytes] = []

    def note(answer: Answer) -> Answer:
        sent.append(answer.message("GET"))
        return answer

    proxy.rule = lambda request: Fault(alter=note)
    assert sha256_of(store, "w") == "abc"
    end = sent[0].index(b"\r\n\r\n")
    for cut in range(20, end + 4, 25):
        proxy.rule = times(1, Fault(cut=cut))
        assert sha256_of(store, "w") == "abc", sent[0][:cut]
    assert "Traceback" not in caplog.text


def test_what_is_known_of_an_object(store: Store) -> None:
    store.put("empty", b"")
    found, empty = conditional_write.head(store, KEY), conditional_write.head(store, "empty")
    assert found
    assert empty
    assert (found.size, empty.size) == (len(DATA), 0)
    assert found.etag == f'"{hashlib.md5(DATA).hexdigest()}"'
    assert abs(datetime.now(UTC) - found.modified) < timedelta(minutes=1)
    assert conditional_write.head(store, "none") is None


def test_a_bucket_that_is_gone_is_not_an_object_that_is_not_there(s3: RunningS3, store: Store) -> None:
    s3.client().create_bucket(Bucket="gone")
    gone = attrs.evolve(store, bucket="gone")
    s3.client().delete_bucket(Bucket="gone")
    for ask in (conditional_write.head, conditional_write.etag, sha256_of, Store.get):
        with pytest.raises(BucketRefused, match="no such bucket"):
            ask(gone, "a")


def test_the_pace_of_all_that_is_sent_is_watched(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = b"x" * 200_000
    path = tmp_path / "file"
    path.write_bytes(data)
    sha256 = hashlib.sha256(data).hexdigest()
    hasty = attrs.evolve(store, patience=0)
    monkeypatch.setattr("pressmark.archive.s3.patience._WARM_UP", 0)
    monkeypatch.setattr("pressmark.archive.s3.patience.SLOWEST", 1 << 50)
    for put in (
        lambda: conditional_write.put_if_unchanged(hasty, "over", path, sha256, WARC, None),
        lambda: put_large(hasty, "large", path, sha256, WARC),
        lambda: hasty.put("data", data),
        lambda: hasty.put_file("file", path, sha256, WARC),
    ):
        with pytest.raises(BucketUnreachable, match=r"kB/s"):
            put()


def test_the_pace_of_what_is_read_bit_by_bit_is_watched(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    etag = conditional_write.etag(store, KEY)
    assert etag
    monkeypatch.setattr("pressmark.archive.s3.patience._WARM_UP", 0)
    monkeypatch.setattr("pressmark.archive.s3.patience.SLOWEST", 1 << 50)
    with pytest.raises(BucketUnreachable, match=r"kB/s"):
        list(stream(attrs.evolve(store, patience=0), KEY, etag, 0, 3))
