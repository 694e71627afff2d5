"""Half requests: a connection whose request does not come to the end of its head is closed; uvicorn waits for good."""

import asyncio
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

MOST = 1 << 20
"""Bytes that are taken before a request is under way: the parts of a head are joined again and again."""
SECONDS = 20.0
"""That the head of a request may take, from the connection or from the request before it."""


class TimedProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]  # which class it is depends on what is installed
    """uvicorn's own protocol, with a clock for what has only half come."""

    _came = 0
    """Bytes of what may be the head of a request."""
    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Wait on if no request is under way by now; of a head without an end no more is taken than may be."""
        if self.cycle is None or self.cycle.response_complete:
            self._came += len(data)
            if self._came > MOST:
                self.transport.abort()
                return
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop()
        elif not self._waiting:
            self._wait()

    def connection_lost(self, error: Exception | None) -> None:
        """Wait no more."""
        self._stop()
        super().connection_lost(error)

    def _wait(self) -> None:
        self._waiting = asyncio.get_running_loop().call_later(SECONDS, self._close)

    def _stop(self) -> None:
        self._came = 0
        if self._waiting:
            self._waiting.cancel()
            self._waiting = None

    def _close(self) -> None:
        self._waiting = None
        if self.cycle is None or self.cycle.response_complete:
            self.transport.abort()
