"""One HTTP exchange: its bytes on the wire, and the location of its record in the archive."""

import uuid
from datetime import datetime
from typing import IO

import attrs

from pressmark.model.json_model import JsonModel


@attrs.frozen(kw_only=True)
class Original(JsonModel):
    """The response that a 304 confirms."""

    url: str
    record_id: str
    """`urn:uuid:...`"""
    captured_at: datetime
    """Its WARC-Date; aware, UTC."""


def _new_record_id() -> str:
    return f"urn:uuid:{uuid.uuid4()}"


@attrs.frozen(kw_only=True)
class Exchange:
    """A request and the response to it, before they are written."""

    url: str
    request_head: bytes
    """Request line and header lines, up to and with the blank line."""
    request_body: bytes = b""
    response_head: bytes
    """Status line and header lines, up to and with the blank line."""
    response_body: IO[bytes]
    """As received, with content encoding and chunk framing; read from its current position to its end, then closed."""
    size: int
    """Bytes of `response_body`."""
    status: int
    started_at: datetime
    """Aware; when the request was sent."""
    seconds: float
    """From the first byte sent to the last received."""
    ip: str | None = None
    """Address of the server."""
    via: str | None = None
    """URL of the page that led here."""
    truncated: str | None = None
    """Why the response is truncated: `length`, `time`, `disconnect` or `unspecified` (WARC 1.1, 5.13)."""
    original: Original | None = None
    """The earlier response that a conditional request referred to."""
    record_id: str = attrs.field(factory=_new_record_id)
    """ID of the response record, `urn:uuid:...`."""


@attrs.frozen(kw_only=True)
class Capture:
    """The location of one response record: enough to read it with a single ranged GET."""

    url: str
    warc: str
    """Bucket key of the segment."""
    offset: int
    """Bytes from the segment's start to the record's gzip member."""
    length: int
    """Bytes of the gzip member."""
    record_id: str
    """`urn:uuid:...`, without the angle brackets of WARC-Record-ID."""
    payload_digest: str
    """WARC-Payload-Digest, e.g. `sha1:` and 32 base32 characters."""
    captured_at: datetime
    """WARC-Date; aware, UTC, microseconds."""
    status: int
    """HTTP status code."""


@attrs.frozen(kw_only=True)
class Receipt:
    """What the archivist returns for an exchange at once; its location is known only after it is written."""

    captured_at: datetime
    """Start of the exchange: aware, UTC."""
    size: int
    """Bytes of the response's body."""
    number: int
    """Number of the exchange in its run."""
    record_id: str
    """ID of the response record."""
