"""A tape: the bytes of one exchange as they pass, and the exchange that they tell."""

import re
from datetime import UTC, datetime
from tempfile import SpooledTemporaryFile
from typing import IO

import attrs

from pressmark.capture import Exchange

IN_MEMORY = 1 << 20
"""Bytes of a response that are kept in memory; larger ones spill to a temporary file."""
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(rb"HTTP/\d(?:\.\d)? (\d{3})")


def _reel() -> IO[bytes]:
    return SpooledTemporaryFile(IN_MEMORY)  # closed with the tape


@attrs.define
class Tape:
    """Records one exchange; a request that is sent again on a new connection starts it anew."""

    started_at: datetime = attrs.field(factory=lambda: datetime.now(UTC))
    ip: str | None = None
    whole: bool = False
    """Whether the response came to its end."""
    _request: bytearray = attrs.field(factory=bytearray)
    _response: IO[bytes] = attrs.field(factory=_reel)

    def rewind(self, ip: str | None) -> None:
        """Start at the beginning, on a connection to this address."""
        self.started_at, self.ip, self.whole = datetime.now(UTC), ip, False
        self._request.clear()
        self._response.seek(0)
        self._response.truncate()

    def sent(self, data: bytes) -> None:
        """Take down a piece of the request."""
        self._request += data

    def received(self, data: bytes) -> None:
        """Take down a piece of the response."""
        self._response.write(data)

    def finish(self, rest: int) -> None:
        """The response has ended; its last `rest` bytes belong to no response."""
        self._response.truncate(self._response.tell() - rest)
        self.whole = True

    def exchange(self, url: str, truncated: str | None) -> Exchange | None:
        """Return what was recorded, or None if not even the head of a response came.

        Interim responses (1xx, RFC 9110, 15.2) are left out: the record is of the final one.
        """
        self._response.seek(0)
        raw = self._response.read()
        while match := _BLANK_LINE.search(raw):
            head, body = raw[: match.end()], raw[match.end() :]
            status = _STATUS.match(head)
            if status and status[1].startswith(b"1") and status[1] != b"101":
                raw = body
                continue
            request_head, request_body = _parted(bytes(self._request))
            return Exchange(
                url=url,
                request_head=request_head,
                request_body=request_body,
                response_head=head,
                response_body=body,
                status=int(status[1]) if status else 0,
                started_at=self.started_at,
                ip=self.ip,
                truncated=None if self.whole else truncated,
            )
        return None

    def close(self) -> None:
        """Let go of the temporary file."""
        self._response.close()


def _parted(message: bytes) -> tuple[bytes, bytes]:
    match = _BLANK_LINE.search(message)
    end = match.end() if match else len(message)
    return message[:end], message[end:]
