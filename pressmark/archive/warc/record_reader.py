"""Records of a segment on the local disk, with their locations."""

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
    """A record with a head that is too long for FastWARC, as warcio reads it."""

    record_type: WarcRecordType
    record_id: str
    headers: Mapping[str, str]
    reader: IO[bytes]
    """The block of the record."""


def located(file: IO[bytes], size: int, read: Callable[[Any], Read]) -> Iterator[tuple[Read, int, int]]:
    """Read a segment record by record; `http_head` reads the heads of HTTP messages, without a size limit.

    Args:
        file: the segment, positioned at its start or at a record.
        size: bytes of the segment, from its start.
        read: converts a record while its content is available; it gets a FastWARC record or an OddRecord.

    Returns:
        The result of `read` for each record, with offset and length of the record's gzip member.

    Raises:
        OSError: a gzip member is damaged, or is not a record.
    """
    at = file.tell()
    while at < size:
        file.seek(at)
        try:
            for made, offset, length in _fast(file, size, read):
                yield made, offset, length
                at = offset + length
        except OSError:
            for made, offset, length in _slow(file, at, read):  # FastWARC failed at this record or the next.
                yield made, offset, length
                at = offset + length
        else:
            return


def _fast(file: IO[bytes], size: int, read: Callable[[Any], Read]) -> Iterator[tuple[Read, int, int]]:
    waiting = None  # The start of the next record is the end of this one.
    for record in ArchiveIterator(file, parse_http=False):
        if waiting:
            yield *waiting, record.stream_pos - waiting[1]
        waiting = read(record), record.stream_pos
    if waiting:
        yield *waiting, size - waiting[1]


def _slow(file: IO[bytes], at: int, read: Callable[[Any], Read]) -> Iterator[tuple[Read, int, int]]:
    """Read two records from here with warcio."""
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
