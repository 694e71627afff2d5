"""Records the bytes of one HTTP exchange as they pass."""

import re
from datetime import UTC, datetime
from os import SEEK_END
from tempfile import SpooledTemporaryFile
from typing import IO

import attrs

from pressmark.archive.warc.http_head import LONGEST, OddHead, checked_status
from pressmark.model.capture import Exchange, Original

IN_MEMORY = 1 << 20
"""Bytes of a body that are kept in memory; larger ones spill to a temporary file."""
MOST_BEFORE_BODY = 2 * LONGEST
"""The most bytes before the body of a response, including interim responses."""
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")


def _body_file() -> IO[bytes]:
    return SpooledTemporaryFile(IN_MEMORY)  # closed by the writer of the exchange


@attrs.define
class ExchangeRecorder:
    """Records one exchange; it starts again if the request is sent again on a new connection.

    It leaves out interim responses (1xx, RFC 9110, 15.2), and empty lines before the status line: they belong to no
    message.
    """

    only_read: str | None = None
    """The only content type whose body the spider reads; None: any."""
    direct: bool = True
    """Whether the connection goes to the server itself and not to a proxy."""
    started_at: datetime = attrs.field(factory=lambda: datetime.now(UTC))
    ended_at: datetime = attrs.field(factory=lambda: datetime.now(UTC))
    ip: str | None = None
    sends: int = 0
    """How often the request was sent, on any connection."""
    is_complete: bool = False
    """Whether the response is complete."""
    _request: bytearray = attrs.field(factory=bytearray)
    _head: bytearray = attrs.field(factory=bytearray)
    _head_ended: bool = False
    _interim_bytes: int = 0
    """Bytes of interim responses."""
    _searched: int = 0
    """Bytes at the start of the head that were searched for a blank line."""
    _body: IO[bytes] = attrs.field(factory=_body_file)
    _taken: bool = False
    """Whether the exchange was taken: later bytes, of a cancelled download, are ignored."""

    def restart(self, ip: str | None) -> None:
        """Start again, on a connection to this address."""
        self.started_at, self.ip, self.is_complete = datetime.now(UTC), ip, False
        self.sends += 1
        self._request.clear()
        self._head.clear()
        self._head_ended, self._interim_bytes, self._searched = False, 0, 0
        self._body.seek(0)
        self._body.truncate()

    def sent(self, data: bytes) -> None:
        """Record a part of the request."""
        self._request += data

    def received(self, data: bytes) -> bytes:
        """Record a part of the response, and return the bytes for the parser.

        Raises:
            OddHead: its head is too long.
        """
        if self._taken:
            return data
        self.ended_at = datetime.now(UTC)
        if self._head_ended:
            self._body.write(data)
            return data
        if not self._head and not self._interim_bytes:
            data = data.lstrip(b"\r\n")  # Browsers skip empty lines before a status line, too.
        self._head += data
        self._end_head()
        return data

    def _end_head(self) -> None:
        """Find the end of the head in the bytes received so far."""
        while match := _BLANK_LINE.search(self._head, self._searched):
            end = match.end()
            if _is_interim(self._head):
                self._interim_bytes += end
                self._searched = 0
                del self._head[:end]
                continue
            self._head_ended = True
            self._body.write(self._head[end:])
            del self._head[end:]
            break
        else:
            self._searched = max(0, len(self._head) - 3)
        if len(self._head) > LONGEST or self._interim_bytes + len(self._head) > MOST_BEFORE_BODY:
            raise OddHead(f"it has more than {LONGEST} bytes before its body")

    def finish(self, rest: int) -> None:
        """End the response; its last `rest` bytes belong to no response."""
        if self._taken:
            return
        self._body.truncate(max(0, self._body.tell() - rest))
        self.is_complete = True

    def exchange(
        self, url: str, via: str | None, truncated: str | None, original: Original | None = None
    ) -> Exchange | None:
        """Return the recorded exchange, or None without a complete response head.

        The exchange takes over the body's file; without an exchange, the file is closed.

        Raises:
            OddHead: readers of the archive would misread the response.
        """
        self._taken = True
        if not self._head_ended:
            self._body.close()
            return None
        head = bytes(self._head)
        try:
            status = checked_status(head)
        except OddHead:
            self._body.close()
            raise
        size = self._body.seek(0, SEEK_END)
        self._body.seek(0)
        request_head, request_body = _split_message(bytes(self._request))
        return Exchange(
            url=url,
            request_head=request_head,
            request_body=request_body,
            response_head=head,
            response_body=self._body,
            size=size,
            status=status,
            started_at=self.started_at,
            seconds=(self.ended_at - self.started_at).total_seconds(),
            ip=self.ip,
            via=via,
            truncated=None if self.is_complete else truncated,
            original=original,
        )


def _is_interim(head: bytearray) -> bool:
    """Return whether the parser skips this head and uses the next one as the response's, as Twisted does."""
    _, _, code = head[: head.index(b"\n")].partition(b" ")
    try:
        return 100 <= int(code.partition(b" ")[0]) < 200
    except ValueError:
        return False


def _split_message(message: bytes) -> tuple[bytes, bytes]:
    match = _BLANK_LINE.search(message)
    end = match.end() if match else len(message)
    return message[:end], message[end:]
