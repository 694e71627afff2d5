"""Salvage: the whole records of a damaged segment are found by their gzip members and copied into a new segment.

Members are independent of each other (WARC 1.1, annex D): after a damaged one the search continues at the next gzip
magic that starts a whole member with a WARC record. A site can send a body that contains such members, and a body that
does not compress is stored unchanged. So a record after damage counts only if it names the segment's own warcinfo
record (`WARC-Warcinfo-ID`, WARC 1.1, 5.16): no site can know its id.
"""

import os
import uuid
import zlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from io import FileIO
from pathlib import Path
from typing import Any

import attrs
from fastwarc.warc import ArchiveIterator, WarcRecordType
from warcio.archiveiterator import ArchiveIterator as WarcioIterator
from warcio.warcwriter import WARCWriter

from pressmark.archive.spool.regular_file import open_regular
from pressmark.archive.spool.spool_files import SegmentName
from pressmark.archive.warc.cdxj import facts_of, line_of
from pressmark.archive.warc.gzip_member import Member
from pressmark.model.document import timestamp
from pressmark.private import opener

_GZIP = zlib.MAX_WBITS | 16
_MAGIC = b"\x1f\x8b\x08"
_CHUNK = 1 << 18
_SECTOR = 4096
_HEAD = 1 << 16
"""Maximum bytes of a record's head; FastWARC reads half of that."""
_FALSE_STARTS = 4 << 30
"""Maximum bytes that are decompressed in vain: a body can consist of members that only start like records."""


@attrs.frozen
class Record:
    """A whole record of a segment."""

    offset: int
    length: int
    """Bytes of its gzip member."""
    record_id: str
    """`urn:uuid:...`"""
    warcinfo_id: str | None
    """ID of the warcinfo record that it names."""
    is_warcinfo: bool


@attrs.frozen
class Reading:
    """The readable records of a segment."""

    records: tuple[Record, ...]
    size: int
    """Bytes of the file."""
    unread: bool = False
    """Whether a whole member follows the last record: it was written completely, but no reader accepts it."""

    @property
    def end(self) -> int:
        """Where the last whole record ends."""
        last = self.records[-1:]
        return last[0].offset + last[0].length if last else 0

    @property
    def lost(self) -> int:
        """Bytes outside whole records."""
        return self.size - sum(each.length for each in self.records)

    @property
    def is_whole(self) -> bool:
        """Whether nothing is lost."""
        return bool(self.records) and not self.lost

    @property
    def is_torn(self) -> bool:
        """Whether only its end is missing, as a killed run leaves it."""
        return self.lost == self.size - self.end and not self.unread


def read_records(path: Path) -> Reading:
    """Find all whole records of a segment that the readers of this archive accept, each once.

    Raises:
        OSError: the file can't be read.
    """
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        own: dict[str, Record] = {}
        for each in _own(list(_found(file, size)), size):
            own.setdefault(each.record_id, each)
        found = Reading(tuple(own.values()), size)
        return attrs.evolve(found, unread=found.end < size and _member_at(file, found.end)[0] > 0)


def copy_records(
    source: Path, target: Path, name: SegmentName, reading: Reading, leave_out: Collection[str]
) -> dict[str, tuple[int, int]]:
    """Copy the found records of a segment into a new one: the same call writes the same bytes.

    Args:
        source: the damaged segment.
        target: the new file; an existing one is replaced.
        name: final name of the new file.
        reading: the readable records of the source.
        leave_out: ids of records that are in another segment already.

    Returns:
        Offset and length of each record in the new file, by id; empty, and without a file, if nothing was copied.

    Raises:
        OSError: a file can't be read or written.
    """
    wanted = [each for each in reading.records if each.record_id not in leave_out]
    if not any(not each.is_warcinfo for each in wanted):
        return {}
    places: dict[str, tuple[int, int]] = {}
    target.unlink(missing_ok=True)
    with open_regular(source) as damaged, open(target, "xb", buffering=0, opener=opener) as file:
        end = _warcinfo(file, name, f"salvaged from {source.name}: {len(wanted)} records")
        for each in wanted:
            _copy(damaged, file, each.offset, each.length)
            places[each.record_id] = (end, each.length)
            end += each.length
        os.fsync(file.fileno())
    return places


def _warcinfo(file: FileIO, name: SegmentName, description: str) -> int:
    writer = WARCWriter(None, gzip=False, warc_version="1.1")
    info: Mapping[str, str] = {"format": "WARC File Format 1.1", "description": description}
    record: Any = writer.create_warcinfo_record(name.text, info)
    record.rec_headers.replace_header("WARC-Record-ID", f"<{uuid.uuid5(uuid.NAMESPACE_URL, name.text).urn}>")
    record.rec_headers.replace_header("WARC-Date", timestamp(name.started_at))
    writer.out = member = Member(file)
    writer.write_record(record)
    return member.length


def _found(file: FileIO, size: int) -> Iterator[Record]:
    offset, budget = 0, _FALSE_STARTS
    while offset < size:
        record, unpacked = _record_at(file, offset)
        if record:
            yield record
            offset += record.length
            continue
        budget -= unpacked
        if budget < 0:
            return
        offset = _next_magic(file, offset + 1, size)


def _own(found: list[Record], size: int) -> Iterator[Record]:
    """Leave out records inside a body: those after damage that don't name the segment's warcinfo."""
    trusted = _contiguous(found, 0) | _contiguous_to(found, size)
    sure = [each for each in found if each.offset in trusted and not each.is_warcinfo]
    if any(each.warcinfo_id is None for each in sure):  # Older releases did not write it.
        yield from found
        return
    first = found[0] if found and found[0].offset == 0 and found[0].is_warcinfo else None
    named = Counter(each.warcinfo_id for each in sure or found if each.warcinfo_id)
    own = first.record_id if first else next((each for each, _ in named.most_common(1)), None)
    for each in found:
        if each.offset in trusted or own in {each.warcinfo_id, each.record_id if each.is_warcinfo else None}:
            yield each


def _contiguous(found: list[Record], start: int) -> set[int]:
    offsets = set()
    for each in found:
        if each.offset != start:
            break
        offsets.add(start)
        start += each.length
    return offsets


def _contiguous_to(found: list[Record], end: int) -> set[int]:
    offsets = set()
    for each in reversed(found):
        if each.offset + each.length != end:
            break
        offsets.add(end := each.offset)
    return offsets


def _record_at(file: FileIO, offset: int) -> tuple[Record | None, int]:
    """Return the whole record at an offset, or None, and the number of decompressed bytes."""
    length, head, total = _member_at(file, offset)
    if not length:
        return None, total
    try:
        file.seek(offset)
        record = next(iter(ArchiveIterator(file, parse_http=True)))
        facts = facts_of(record)
        if facts:
            line_of(facts, offset, length, "")
        begin = head.index(b"\r\n\r\n") + 4
        whole = total == begin + int(record.headers["Content-Length"]) + 4
        file.seek(offset)
        next(iter(WarcioIterator(file)))  # Documents are read with warcio.
    except MemoryError:
        raise  # It does not concern the record.
    except Exception:  # noqa: BLE001 - a damaged record can make a reader raise anything
        return None, total
    info = record.headers.get("WARC-Warcinfo-ID")
    found = Record(
        offset=offset,
        length=length,
        record_id=record.headers["WARC-Record-ID"].strip("<>"),
        warcinfo_id=info and info.strip("<>"),
        is_warcinfo=record.record_type == WarcRecordType.warcinfo,
    )
    return (found if whole else None), total


def _member_at(file: FileIO, offset: int) -> tuple[int, bytes, int]:
    """Return a member's length (0: it is cut, or is not a record), the start of its content, and the content's size."""
    file.seek(offset)
    inflate, head, total, taken = zlib.decompressobj(_GZIP), b"", 0, 0
    data = b""
    while not inflate.eof:
        try:
            if not data:
                data = file.read(_CHUNK)
                taken += len(data)
            if not data:
                return 0, head, total
            piece = inflate.decompress(data, _CHUNK)
        except (OSError, zlib.error):  # OSError: an unreadable sector.
            return 0, head, total
        data = inflate.unconsumed_tail
        total += len(piece)
        head += piece[: _HEAD - len(head)]
        if head and not b"WARC/1.".startswith(head[:7]):
            return 0, head, total
    return taken - len(inflate.unused_data), head, total


def _next_magic(file: FileIO, offset: int, size: int) -> int:
    """Return the offset of the next gzip magic, or the file's size."""
    while offset < size:
        file.seek(offset)
        try:
            data = file.read(_CHUNK)
        except OSError:
            offset = (offset // _SECTOR + 1) * _SECTOR
            continue
        if not data:
            return size
        found = data.find(_MAGIC)
        if found >= 0:
            return offset + found
        offset += max(1, len(data) - len(_MAGIC) + 1)
    return size


def _copy(source: FileIO, target: FileIO, offset: int, length: int) -> None:
    source.seek(offset)
    while length:
        data = source.read(min(_CHUNK, length))
        if not data:
            raise OSError(f"record at byte {offset} can't be read again")
        length -= len(data)
        while data:
            data = data[target.write(data) :]
