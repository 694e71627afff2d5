"""Salvage of a damaged segment: it finds all undamaged records, and none that a site sent as a body."""

import gzip
from pathlib import Path

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from pressmark.archive.spool.salvage import Record, copy_records, read_records
from pressmark.archive.spool.segment import Segment
from pressmark.archive.spool.spool_files import SegmentName
from tests.support.samples import exchange

INFO = {"software": "test"}
FORGED = (
    b"WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000001>\r\n"
    b"WARC-Date: 2022-02-18T00:00:00Z\r\nWARC-Target-URI: https://news.example/forged\r\n%s"
    b"WARC-Payload-Digest: sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ\r\nContent-Length: 19\r\n\r\n"
    b"HTTP/1.1 200 OK\r\n\r\n\r\n\r\n"
)


def written(folder: Path, *bodies: bytes) -> Path:
    folder.mkdir()
    segment = Segment(folder, "news", "run1", 1, INFO)
    for number, body in enumerate(bodies, start=1):
        segment.write(exchange(number, body))
    return segment.seal().path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return written(tmp_path_factory.mktemp("whole") / "spool", b"one", bytes(range(256)) * 40, b"three").read_bytes()


def reading(folder: Path, data: bytes) -> tuple[Record, ...]:
    path = folder / "damaged"
    path.write_bytes(data)
    return read_records(path).records


def test_a_whole_segment_is_read_whole(tmp_path: Path, whole: bytes) -> None:
    path = tmp_path / "whole"
    path.write_bytes(whole)
    found = read_records(path)
    assert len(found.records) == 10
    assert found.is_whole
    assert found.is_torn
    assert found.end == len(whole)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(
    damages=st.lists(
        st.tuples(st.floats(0, 1), st.integers(1, 3000), st.sampled_from(["flip", "zero", "cut", "insert"])),
        min_size=1,
        max_size=4,
    )
)
def test_what_the_damage_did_not_touch_is_found(
    tmp_path: Path, whole: bytes, damages: list[tuple[float, int, str]]
) -> None:
    path = tmp_path / "whole"
    path.write_bytes(whole)
    before = {each.record_id: whole[each.offset : each.offset + each.length] for each in read_records(path).records}
    data = bytearray(whole)
    for where, size, kind in damages:
        at = int(where * max(0, len(data) - 1))
        if kind == "flip" and data:
            data[at] ^= 1 << size % 8
        elif kind == "zero":
            data[at : at + size] = bytes(len(data[at : at + size]))
        elif kind == "cut":
            del data[at : at + size]
        else:
            data[at:at] = b"\x1f\x8b\x08" + bytes(size)
    records = {record_id: gzip.decompress(member) for record_id, member in before.items()}
    found = {
        each.record_id: gzip.decompress(data[each.offset : each.offset + each.length])
        for each in reading(tmp_path, data)
    }
    assert found.keys() >= {record_id for record_id, member in before.items() if member in data}
    assert found.items() <= records.items(), "only a bit of a gzip head that says nothing may be another"


def test_what_a_body_holds_is_no_record_of_ours(tmp_path: Path) -> None:
    """A body that does not compress may be stored unchanged: a segment in a segment."""
    path = written(tmp_path / "spool", b"before", gzip.compress(FORGED % b""), b"after")
    records = gzip.decompress(path.read_bytes()).split(b"WARC/1.1\r\nWARC-")
    assert b"/forged" not in b"".join(records), "it is packed"
    stored = [gzip.compress(b"WARC/1.1\r\nWARC-" + each, 0) for each in records[1:]]
    stored[4] = stored[4][:50] + b"!" + stored[4][51:]
    data = b"".join(stored)
    assert len(reading(tmp_path, data)) == 9


def test_a_segment_of_an_earlier_release_is_salvaged(tmp_path: Path, whole: bytes) -> None:
    """Its records do not name their warcinfo."""
    members = [gzip.compress(b"WARC/1.1\r\n" + part) for part in _records_of_before(whole)]
    data = bytearray(b"".join(members))
    data[len(members[0]) + len(members[1]) // 2] ^= 1
    assert len(reading(tmp_path, bytes(data))) == len(members) - 1


def _records_of_before(whole: bytes) -> list[bytes]:
    text = gzip.decompress(whole)
    parts = text.split(b"WARC/1.1\r\n")[1:]
    return [
        b"".join(line for line in part.splitlines(True) if not line.startswith(b"WARC-Warcinfo-ID")) for part in parts
    ]


@pytest.mark.parametrize("kept", [0, 3])
def test_a_last_record_that_no_reader_takes_was_not_cut_off_by_a_kill(tmp_path: Path, kept: int) -> None:
    """Records of release f168f16: the bytes are whole, and are set aside instead of being cut."""
    segment = Segment(tmp_path, "news", "run1", 1, INFO)
    for url in ["https://news.example/", "https://news.example/" + "x" * 40_000][not kept :]:
        segment.write(attrs.evolve(exchange(), url=url))
    found = read_records(segment.seal().path)
    assert len(found.records) == 1 + kept
    assert not found.is_torn


def test_the_same_salvage_writes_the_same_bytes(tmp_path: Path, whole: bytes) -> None:
    source = tmp_path / "damaged"
    source.write_bytes(whole[:600] + whole[700:])
    name = SegmentName.parse("news-20220218005300123-run1-00001.warc.gz", "news")
    assert name
    salvaged = name.salvaged(1)
    found = read_records(source)
    first, second = tmp_path / "1", tmp_path / "2"
    places = copy_records(source, first, salvaged, found, ())
    copy_records(source, second, salvaged, found, ())
    assert first.read_bytes() == second.read_bytes()
    again = read_records(first)
    assert again.is_whole
    assert {each.record_id: (each.offset, each.length) for each in again.records[1:]} == places
    with first.open("rb") as file:
        assert len(list(ArchiveIterator(file, check_digests="raise"))) == len(found.records) + 1
    assert copy_records(source, second, salvaged, found, places.keys()) == {}


def test_work_in_vain_has_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: bytes) -> None:
    """A body of members that start correctly and never end."""
    begun = gzip.compress(b"WARC/1.1\r\n" + bytes(1_000_000))[:-200]
    monkeypatch.setattr("pressmark.archive.spool.salvage._FALSE_STARTS", 10_000_000)
    found = reading(tmp_path, whole[:-20] + begun * 100 + whole)
    assert len(found) == 9
