"""Records of a segment on the local disk, with where each one lies."""

from collections.abc import Callable, Iterator
from typing import IO, Any, TypeVar

from fastwarc.warc import ArchiveIterator

Read = TypeVar("Read")


def located(
    file: IO[bytes], size: int, read: Callable[[Any], Read], *, parse_http: bool = True
) -> Iterator[tuple[Read, int, int]]:
    """Read a segment record by record.

    Args:
        file: the segment, from its start or that of a record.
        size: bytes of it, from its start.
        read: makes of a record what is wanted of it, while its content is at hand.
        parse_http: read the head of HTTP messages.

    Returns:
        What `read` made of each record, with offset and length of the record's gzip member.

    Raises:
        OSError: a gzip member is damaged.
    """
    waiting = None  # Where a record ends is known from where the next one begins.
    for record in ArchiveIterator(file, parse_http=parse_http):
        if waiting:
            yield *waiting, record.stream_pos - waiting[1]
        waiting = read(record), record.stream_pos
    if waiting:
        yield *waiting, size - waiting[1]
