import gzip
import subprocess
import sys
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from pressmark.archive.spool.segment import Segment, sealed
from pressmark.archive.spool.spool_files import SegmentName
from pressmark.errors import SpoolError
from tests.support.samples import exchange

INFO = {"software": "pressmark/test", "operator": "the tests"}


def test_a_sealed_segment_holds_each_exchange_to_the_byte(tmp_path: Path) -> None:
    segment = Segment(tmp_path, "news", "run1", 1, INFO)
    bodies = [b"<h1>Lamps lit</h1>", b"", bytes(range(256)) * 999]
    exchanges = [exchange(number, body) for number, body in enumerate(bodies, start=1)]
    captures = [segment.write(each) for each in exchanges]
    done = segment.seal()

    data = done.path.read_bytes()
    for sent, body, capture in zip(exchanges, bodies, captures, strict=True):
        record = gzip.decompress(data[capture.offset : capture.offset + capture.length])
        assert record.endswith(b"\r\n\r\n" + sent.response_head + body + b"\r\n\r\n")
        assert f"WARC-Record-ID: <{capture.record_id}>".encode() in record
        assert f"WARC-Payload-Digest: {capture.payload_digest}".encode() in record
        assert b"WARC-IP-Address: 127.0.0.1" in record
    with done.path.open("rb") as file:
        records = [
            (record.rec_type, record.rec_headers.get_header("WARC-Concurrent-To")) for record in ArchiveIterator(file)
        ]
    pairs = [("response", None), ("request", None), ("metadata", None)] * 3
    assert [kind for kind, _ in records] == ["warcinfo", *(kind for kind, _ in pairs)]
    assert [to for kind, to in records if kind == "request"] == [f"<{each.record_id}>" for each in captures]
    assert done.records == 10
    assert done.key.startswith("warc/news/20")
    assert done.key.endswith(done.path.name)


def test_the_fields_own_tools_accept_a_segment(tmp_path: Path) -> None:
    segment = Segment(tmp_path, "news", "run1", 1, INFO)
    segment.write(exchange())
    path = segment.seal().path
    subprocess.run([Path(sys.executable).parent / "warcio", "check", path], check=True, capture_output=True)
    checked = [Path(sys.executable).parent / "fastwarc", "check", "-q", "-p", path]
    subprocess.run(checked, check=True, capture_output=True)
    subprocess.run(["gzip", "-t", path], check=True, capture_output=True)


def test_a_segment_is_open_until_it_is_sealed(tmp_path: Path) -> None:
    segment = Segment(tmp_path, "news", "run1", 1, INFO)
    assert [path.suffix for path in tmp_path.iterdir()] == [".open"]
    segment.seal()
    assert [path.suffix for path in tmp_path.iterdir()] == [".gz"]


def test_what_an_earlier_run_sealed_is_described_alike(tmp_path: Path) -> None:
    segment = Segment(tmp_path, "my-news", "run1", 1, INFO)
    segment.write(exchange())
    done = segment.seal()
    name = SegmentName.parse(done.path.name, "my-news")
    assert name
    assert sealed(done.path, name) == done


def test_a_spool_that_is_no_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SpoolError, match="PRESSMARK_SPOOL"):
        Segment(tmp_path / "file", "news", "run1", 1, INFO)
