"""Records of a segment on the local disk, with where each one is."""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import IO, Any, TypeVar

import attrs
from fastwarc.warc import ArchiveIterator, WarcRecordType
from warcio.archiveiterator import ArchiveIterator as SlowIterator
from warcio.exceptions import ArchiveLoadFailed

from pressmark.archive.warc.gzip_member import members

Read = TypeVar("Read")


@attrs.frozen
class OddRecord:
    """A record whose head is too long for FastWARC, as warcio reads it."""

    record_type: WarcRecordType
    record_id: str
    headers: Mapping[str, str]
    reader: IO[bytes]
    """Its block."""


def located(file: IO[bytes], size: int, read: Callable[[Any], Read]) -> Iterator[tuple[Read, int, int]]:
    """Read a segment record by record; heads of HTTP messages are left to `http_head`, which has no bound of its own.

    Args:
        file: the segment, from its start or that of a record.
        size: bytes of it, from its start.
        read: makes of a record what is wanted of it, while its content is at hand; it gets a record of FastWARC, or an
            OddRecord.

    Returns:
        What `read` made of each record, with offset and length of the record's gzip member.

    Raises:
        OSError: a gzip member is damaged, or holds no record.
    """
    at = file.tell()
    while at < size:
        file.seek(at)
        try:
            for made, offset, length in _fast(file, size, read):
                yield made, offset, length
                at = offset + length
        except OSError:
            for made, offset, length in _slow(file, at, read):  # Where FastWARC gave up: at this record, or the next.
                yield made, offset, length
                at = offset + length
        else:
            return


def _fast(file: IO[bytes], size: int, read: Callable[[Any], Read]) -> Iterator[tuple[Read, int, int]]:
    waiting = None  # Where a record ends is known from where the next one begins.
    for record in ArchiveIterator(file, parse_http=False):
        if waiting:
            yield *waiting, record.stream_pos - waiting[1]
        waiting = read(record), record.stream_pos
    if waiting:
        yield *waiting, size - waiting[1]


def _slow(file: IO[bytes], at: int, read: Callable[[Any], Read]) -> Iterator[tuple[Read, int, int]]:
    """Read two records from here on by warcio."""
    file.seek(at)
    try:
        found = list(islice(members(file), 2))
    except ValueError as error:
        raise OSError(str(error)) from error
    for offset, length in found:
        file.seek(at + offset)
        yield read(_odd(file)), at + offset, length


def _odd(file: IO[bytes]) -> OddRecord:
    try:
        record = next(iter(SlowIterator(file, no_record_parse=True)))
        return OddRecord(
            record_type=getattr(WarcRecordType, record.rec_type, WarcRecordType.unknown),
            record_id=record.rec_headers["WARC-Record-ID"],
            headers=dict(record.rec_headers.headers),
            reader=record.raw_stream,
        )
    except (ArchiveLoadFailed, StopIteration, KeyError, TypeError) as error:
        raise OSError(f"there is no record ({type(error).__name__}: {error})") from error
