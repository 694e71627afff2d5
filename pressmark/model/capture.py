"""One HTTP exchange: as it went over the wire, and where its record lies in the archive."""

import uuid
from datetime import datetime
from typing import IO

import attrs

from pressmark.model.json_model import JsonModel


@attrs.frozen(kw_only=True)
class Original(JsonModel):
    """The response that a 304 says is still good."""

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
    """As received, content encoding and chunk framing kept; read from where it stands to its end, then closed."""
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
    """Why the response has no end: `length`, `time`, `disconnect` or `unspecified` (WARC 1.1, 5.13)."""
    original: Original | None = None
    """What was asked to be sent only if it had changed."""
    record_id: str = attrs.field(factory=_new_record_id)
    """Of the record of its response, `urn:uuid:...`."""


@attrs.frozen(kw_only=True)
class Capture:
    """Where one response record lies: enough to read it back with a single ranged GET."""

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
    """What the archivist gives for an exchange at once; where it lies is known when it is written."""

    captured_at: datetime
    """When the exchange began: aware, UTC."""
    size: int
    """Bytes of the response's body."""
    number: int
    """Counts the exchanges of a run."""
    record_id: str
    """Of the record of its response."""
