"""Handles SIGTERM and SIGINT from the start of a program to its end."""

import signal
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Self

from pressmark.errors import Stopped

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class _Signalled(BaseException):
    """A signal arrived. As a BaseException it passes every `except Exception`, such as that of `logging`."""


class ShutdownSignals:
    """A context that a signal ends with Stopped. After `make_graceful()` a signal calls the `on_signal` function."""

    def __init__(self) -> None:
        self._is_graceful = self._was_signalled = False
        self._on_signal: Callable[[], None] | None = None

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._signalled) for number in SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if isinstance(error, _Signalled):
            raise Stopped(str(error)) from None

    def make_graceful(self) -> None:
        """From now on, a signal does not interrupt the program."""
        self._is_graceful = True

    def on_signal(self, stop: Callable[[], None]) -> None:
        """Call this function on the first signal; at once if there was one already."""
        self._on_signal = stop
        if self._was_signalled:
            stop()

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        if not self._is_graceful:
            raise _Signalled(f"stopped by {signal.Signals(number).name} before it had started")
        first, self._was_signalled = not self._was_signalled, True
        if self._on_signal and first:
            self._on_signal()
