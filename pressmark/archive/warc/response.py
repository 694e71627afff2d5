"""A stored HTTP response, read from its record."""

import zlib
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import attrs
from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from pressmark.archive.s3.store import Store
from pressmark.archive.warc.content import LONGEST, ContentError, CutShort, content, has_no_end
from pressmark.archive.warc.http_head import ResponseHead, parse_head
from pressmark.errors import FindingsFound

MOST = 2 * LONGEST
"""Maximum bytes of a record; the crawl accepts bodies of at most `LONGEST`."""
_CHUNK = 1 << 16


@attrs.frozen
class Response:
    """A stored HTTP response."""

    url: str
    captured_at: datetime
    """Aware, UTC."""
    status: int
    reason: str
    headers: list[tuple[str, str]]
    """In order, as received."""
    body: bytes = attrs.field(repr=False)
    """Without chunk framing and content encoding."""
    message: bytes = attrs.field(repr=False)
    """The exact bytes of the response on the wire."""
    cut_short: bool = False
    """Whether the body ends early; `body` is then the decoded part."""
    may_be_cut: bool = False
    """Whether the body may be incomplete: no length, no chunks, no compressed stream, no end tag of HTML."""


def member_of(store: Store, warc: str, offset: int, length: int, url: str) -> bytes:
    """Read the gzip member that a document points to.

    Raises:
        FindingsFound: the segment is missing or ends before the offset, or the length is too large for a record.
    """
    if length > MOST:
        raise FindingsFound(f"{warc}, byte {offset}: no record has {length} bytes, as {url} should.")
    try:
        return store.get(warc, offset, length)
    except KeyError:
        raise FindingsFound(f"{warc} is missing. It contains the capture of {url}.") from None


def response_of(member: bytes) -> Response:
    """Read the gzip member of a response record.

    Raises:
        ValueError: it is invalid, or its body can't be decoded.
    """
    try:
        return read_response(member, cut=True)
    except ContentError as error:
        raise ValueError(f"the body can't be decoded: {error}") from error


def _message(stream: Any) -> bytes:
    """Read the block of a record in chunks: a member of 1 MB can decompress to 1 GB.

    Raises:
        ValueError: it is larger than any block that is written.
    """
    data = bytearray()
    while piece := stream.read(_CHUNK):
        data += piece
        if len(data) > MOST:
            raise ValueError(f"the record has more than {MOST} bytes")
    return bytes(data)


def read_response(member: bytes, limit: int = LONGEST, *, cut: bool = False) -> Response:
    """Read the gzip member of a response record.

    Args:
        member: the bytes that a document points to.
        limit: maximum bytes of the decoded body.
        cut: accept the received part of a body that ends early.

    Raises:
        ValueError: it is invalid.
        ContentError: its body can't be decoded.
    """
    try:
        record = next(iter(ArchiveIterator(BytesIO(member), no_record_parse=True)))
        message = _message(record.raw_stream)
        head = parse_head(message)
        url, date = record.rec_headers["WARC-Target-URI"], record.rec_headers["WARC-Date"]
        status, captured_at = int(head.status), datetime.fromisoformat(date).astimezone(UTC)
    except (ArchiveLoadFailed, StopIteration, LookupError, OSError, EOFError, zlib.error, TypeError) as error:
        raise ValueError(f"there is no response record ({type(error).__name__}: {error})") from error
    body, cut_short = message[head.size :], False
    try:
        body = content(body, head.headers, limit)
    except CutShort:
        if not cut:
            raise
        body, cut_short = content(body, head.headers, limit, cut=True), True
    return Response(
        url=url,
        captured_at=captured_at,
        status=status,
        reason=head.reason,
        headers=head.headers,
        body=body,
        cut_short=cut_short,
        may_be_cut=_is_open(head) and body == message[head.size :] and has_no_end(body, head.get("content-type") or ""),
        message=message,
    )


def _is_open(head: ResponseHead) -> bool:
    """Return whether only the end of the connection ends the body (RFC 9112, 6.3)."""
    return head.get("transfer-encoding") is None and head.get("content-length") is None
