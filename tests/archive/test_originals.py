"""A response becomes a revisit of an earlier capture only if both bodies are decoded alike."""

from pathlib import Path
from typing import Any

import attrs
import pytest

from pressmark.archive.publish.publisher import publish
from pressmark.archive.s3.store import Store
from pressmark.archive.spool.batch import Batch
from pressmark.archive.spool.spool import Spool
from pressmark.archive.warc.originals import Originals
from pressmark.model.capture import Capture
from tests.support.samples import exchange

TEXT = ("Content-Type: text/html; charset=windows-1252",)
GZIP = (*TEXT, "Content-Encoding: gzip")


def crawled(store: Store, folder: Path, *lines: str, earlier: Capture | None = None, **changes: Any) -> Capture:
    """Capture one response today in its own run, publish its segment, and return the capture of its payload."""
    handed = list[Batch]()
    known = {earlier.url: earlier} if earlier else {}
    alike = Originals(store).reads_alike
    spool = Spool(folder, "news", folder.name, {"software": "test"}, handed.append, earlier=known, reads_alike=alike)
    head = "".join(f"{line}\r\n" for line in ("HTTP/1.1 200 OK", *lines, "")).encode()
    capture = spool.record(attrs.evolve(exchange(1, now=True), response_head=head, **changes))
    spool.close()
    publish(store, handed[0])
    return capture


@pytest.mark.parametrize(
    ("before", "now", "same"),
    [
        (TEXT, TEXT, True),
        (TEXT, (*TEXT, "Date: Fri, 18 Feb 2022 01:10:00 GMT"), True),
        ((), (), True),
        (TEXT, ("Content-Type: text/html; charset=gbk",), False),
        (("Content-Type: application/pdf",), ("Content-Type: text/html",), False),
        ((), TEXT, False),
        (TEXT, GZIP, False),
        (GZIP, TEXT, False),
        (GZIP, (*GZIP, "content-encoding: gzip"), False),
        (TEXT, (*TEXT, "Transfer-Encoding: chunked"), False),
    ],
)
def test_the_same_payload_is_referred_to_only_under_a_head_that_reads_alike(
    store: Store, tmp_path: Path, before: tuple[str, ...], now: tuple[str, ...], same: bool
) -> None:
    first = crawled(store, tmp_path / "first", *before)
    second = crawled(store, tmp_path / "second", *now, earlier=first)
    assert (second == first) is same
    assert second.payload_digest == first.payload_digest


def test_a_whole_response_never_refers_to_a_cut_one(store: Store, tmp_path: Path) -> None:
    cut = crawled(store, tmp_path / "first", *TEXT, truncated="disconnect")
    assert crawled(store, tmp_path / "second", *TEXT, earlier=cut) != cut


def test_an_index_that_points_elsewhere_and_a_bucket_that_is_gone_prove_nothing(store: Store, tmp_path: Path) -> None:
    first = crawled(store, tmp_path / "first", *TEXT)
    head = b"HTTP/1.1 200 OK\r\n" + TEXT[0].encode() + b"\r\n\r\n"
    originals = Originals(store)
    assert originals.reads_alike(first, head)
    for wrong in ({"offset": 0}, {"offset": first.offset + 1}, {"warc": "nowhere"}, {"record_id": "urn:uuid:other"}):
        assert not originals.reads_alike(attrs.evolve(first, **wrong), head), wrong
    gone = Originals(attrs.evolve(store, bucket="no-such-bucket"))
    assert not gone.reads_alike(first, head)
    assert not gone.reads_alike(first, head)
