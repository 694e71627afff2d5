"""One HTTP exchange: as it went over the wire, and where its record lies in the archive."""

from datetime import datetime

import attrs


@attrs.frozen(kw_only=True)
class Exchange:
    """A request and the response to it, before they are written."""

    url: str
    request_head: bytes
    """Request line and header lines, up to and with the blank line."""
    request_body: bytes = b""
    response_head: bytes
    """Status line and header lines, up to and with the blank line."""
    response_body: bytes
    """As received: content encoding kept."""
    status: int
    started_at: datetime
    """Aware; when the request was sent."""
    ip: str | None = None
    """Address of the server."""
    truncated: str | None = None
    """Why the response has no end: `length`, `time`, `disconnect` or `unspecified` (WARC 1.1, 5.13)."""


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
