"""Handles SIGTERM and SIGINT from the start of a program to its end."""

import signal
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Self

from pressmark.errors import Stopped

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class _Signalled(BaseException):
    """A signal arrived. As a BaseException it passes every `except Exception`, such as that of `logging`."""


class Stopping:
    """A context that a signal ends with Stopped; after `politely()` a signal calls the function of `then` instead."""

    def __init__(self) -> None:
        self._polite = self._asked = False
        self._then: Callable[[], None] | None = None

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

    def politely(self) -> None:
        """From now on, a signal does not interrupt the program."""
        self._polite = True

    def then(self, stop: Callable[[], None]) -> None:
        """Call this function on the first signal; at once if there was one already."""
        self._then = stop
        if self._asked:
            stop()

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        if not self._polite:
            raise _Signalled(f"stopped by {signal.Signals(number).name} before it had begun")
        first, self._asked = not self._asked, True
        if self._then and first:
            self._then()
