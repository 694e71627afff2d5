"""A tape: the bytes of one exchange as they pass, and the exchange that they tell."""

import re
from datetime import UTC, datetime
from os import SEEK_END
from tempfile import SpooledTemporaryFile
from typing import IO

import attrs

from pressmark.capture import Exchange, Original

IN_MEMORY = 1 << 20
"""Bytes of a response that are kept in memory; larger ones spill to a temporary file."""
LONGEST_HEAD = 1 << 20
"""Bytes in which a response must come to its body."""
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(rb"HTTP/\d(?:\.\d)? (\d{3})")


def _reel() -> IO[bytes]:
    return SpooledTemporaryFile(IN_MEMORY)  # closed by whoever writes the exchange


@attrs.define
class Tape:
    """Records one exchange; a request that is sent again on a new connection starts it anew."""

    only_read: str | None = None
    """The one content type whose body is read by the spider too; None: any."""
    started_at: datetime = attrs.field(factory=lambda: datetime.now(UTC))
    ended_at: datetime = attrs.field(factory=lambda: datetime.now(UTC))
    ip: str | None = None
    sends: int = 0
    """How often the request was sent, on whatever connection."""
    whole: bool = False
    """Whether the response came to its end."""
    _request: bytearray = attrs.field(factory=bytearray)
    _response: IO[bytes] = attrs.field(factory=_reel)

    def rewind(self, ip: str | None) -> None:
        """Start at the beginning, on a connection to this address."""
        self.started_at, self.ip, self.whole = datetime.now(UTC), ip, False
        self.sends += 1
        self._request.clear()
        self._response.seek(0)
        self._response.truncate()

    def sent(self, data: bytes) -> None:
        """Take down a piece of the request."""
        self._request += data

    def received(self, data: bytes) -> None:
        """Take down a piece of the response."""
        self._response.write(data)
        self.ended_at = datetime.now(UTC)

    def finish(self, rest: int) -> None:
        """The response has ended; its last `rest` bytes belong to no response."""
        self._response.truncate(self._response.tell() - rest)
        self.whole = True

    def exchange(
        self, url: str, via: str | None, truncated: str | None, original: Original | None = None
    ) -> Exchange | None:
        """Return what was recorded, or None if not even the head of a response came.

        Interim responses (1xx, RFC 9110, 15.2) are left out: the record is of the final one. The exchange takes over
        what the tape holds of the body; without one, the tape is closed.
        """
        self._response.seek(0)
        start, raw = 0, self._response.read(LONGEST_HEAD)
        while match := _BLANK_LINE.search(raw, start):
            head, status = raw[start : match.end()], _STATUS.match(raw, start)
            start = match.end()
            if status and status[1].startswith(b"1") and status[1] != b"101":
                continue
            size = self._response.seek(0, SEEK_END) - start
            self._response.seek(start)
            request_head, request_body = _parted(bytes(self._request))
            return Exchange(
                url=url,
                request_head=request_head,
                request_body=request_body,
                response_head=head,
                response_body=self._response,
                size=size,
                status=int(status[1]) if status else 0,
                started_at=self.started_at,
                seconds=(self.ended_at - self.started_at).total_seconds(),
                ip=self.ip,
                via=via,
                truncated=None if self.whole else truncated,
                original=original,
            )
        self._response.close()
        return None


def _parted(message: bytes) -> tuple[bytes, bytes]:
    match = _BLANK_LINE.search(message)
    end = match.end() if match else len(message)
    return message[:end], message[end:]
