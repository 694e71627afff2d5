"""Records that anybody may have written: decompression stops at the maximum size of a record."""

import gzip
import tracemalloc
from io import BytesIO

import pytest

from pressmark.archive.s3.store import Store
from pressmark.archive.warc.response import MOST, member_of, response_of
from pressmark.errors import FindingsFound

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"


def member(size: int) -> bytes:
    """Return a response record with a body of so many zeros."""
    head = (
        "WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:1>\r\nWARC-Target-URI: https://news.example/\r\n"
        "WARC-Date: 2026-11-27T11:00:00Z\r\nContent-Type: application/http; msgtype=response\r\n"
        f"Content-Length: {len(HEAD) + size}\r\n\r\n"
    )
    made = BytesIO()
    with gzip.GzipFile(fileobj=made, mode="wb", compresslevel=1) as file:
        file.write(head.encode() + HEAD)
        for _ in range(size >> 20):
            file.write(bytes(1 << 20))
        file.write(bytes(size % (1 << 20)) + b"\r\n\r\n")
    return made.getvalue()


def test_a_record_that_unpacks_to_more_than_any_is_refused_in_little_memory() -> None:
    assert len(response_of(member(1000)).body) == 1000
    bomb = member(4 * MOST)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="the record has more than"):
            response_of(bomb)
        assert tracemalloc.get_traced_memory()[1] < 2.5 * MOST
    finally:
        tracemalloc.stop()


def test_more_than_a_record_is_not_asked_for(store: Store) -> None:
    with pytest.raises(FindingsFound, match="no record has"):
        member_of(store, "warc/a.warc.gz", 0, MOST + 1, "https://news.example/")
