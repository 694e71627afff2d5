"""Closes connections whose request head never ends; uvicorn alone waits forever."""

import asyncio
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

MOST = 1 << 20
"""Bytes accepted before a request starts: uvicorn joins the parts of a head again and again."""
SECONDS = 20.0
"""Seconds for the head of a request, since the connection or the previous request."""


class TimedProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]  # the class depends on what is installed
    """uvicorn's protocol with a timer for incomplete request heads."""

    _received = 0
    """Bytes that may belong to a request head."""
    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Start the timer."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Stop the timer once a request has started; close the connection if a head is too long."""
        if self.cycle is None or self.cycle.response_complete:
            self._received += len(data)
            if self._received > MOST:
                self.transport.abort()
                return
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop()
        elif not self._waiting:
            self._wait()

    def connection_lost(self, error: Exception | None) -> None:
        """Stop the timer."""
        self._stop()
        super().connection_lost(error)

    def _wait(self) -> None:
        self._waiting = asyncio.get_running_loop().call_later(SECONDS, self._close)

    def _stop(self) -> None:
        self._received = 0
        if self._waiting:
            self._waiting.cancel()
            self._waiting = None

    def _close(self) -> None:
        self._waiting = None
        if self.cycle is None or self.cycle.response_complete:
            self.transport.abort()
