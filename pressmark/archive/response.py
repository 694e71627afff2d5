"""A stored HTTP response, read from its record."""

import gzip
import zlib
from datetime import UTC, datetime
from io import BytesIO

import attrs
from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from pressmark.archive.store import Store
from pressmark.errors import FindingsFound


@attrs.frozen
class Response:
    """A stored HTTP response."""

    url: str
    captured_at: datetime
    """Aware, UTC."""
    status: int
    reason: str
    headers: list[tuple[str, str]]
    """In their order, spelled as they came."""
    body: bytes = attrs.field(repr=False)
    """Without chunk framing and content encoding."""
    message: bytes = attrs.field(repr=False)
    """The response as it came over the wire, to the byte."""


def member_of(store: Store, warc: str, offset: int, length: int, url: str) -> bytes:
    """Read the gzip member that a document points to.

    Raises:
        FindingsFound: the segment is not there, or has nothing at this place.
    """
    try:
        return store.get(warc, offset, length)
    except KeyError:
        raise FindingsFound(f"{warc} is missing, and {url} lies in it.") from None


def response_of(member: bytes) -> Response:
    """Read the gzip member of a response record.

    Raises:
        ValueError: it is none.
    """
    try:
        return _read(member)
    except (ArchiveLoadFailed, StopIteration, AttributeError, OSError, EOFError, zlib.error, TypeError) as error:
        raise ValueError(f"there is no response record ({type(error).__name__}: {error})") from error


def _read(member: bytes) -> Response:
    record = next(iter(ArchiveIterator(BytesIO(member))))
    head = record.http_headers
    return Response(
        url=record.rec_headers["WARC-Target-URI"],
        captured_at=datetime.fromisoformat(record.rec_headers["WARC-Date"]).astimezone(UTC),
        status=int(head.get_statuscode()),
        reason=head.statusline.partition(" ")[2],
        headers=head.headers,
        body=record.content_stream().read(),
        message=_block(member, int(record.rec_headers["Content-Length"])),
    )


def _block(member: bytes, length: int) -> bytes:
    """Return a record's block: what follows its head (WARC 1.1, 4)."""
    record = gzip.decompress(member)
    begin = record.index(b"\r\n\r\n") + 4
    return record[begin : begin + length]
