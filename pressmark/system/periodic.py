"""Repeating: what is done again and again beside everything else, in a thread of its own."""

from collections.abc import Callable
from threading import Event, Thread
from typing import Self

STOP_SECONDS = 10


class PeriodicThread:
    """Calls something every so many seconds while it is entered.

    Args:
        act: what to call; it lets nothing be raised that another time may mend.
        every: seconds.
        name: of the thread.
        at_once: for the first time now, and not that long from now.
    """

    def __init__(self, act: Callable[[], object], every: float, name: str, *, at_once: bool = False) -> None:
        self._act, self._every, self._at_once, self._ended = act, every, at_once, Event()
        self._thread = Thread(target=self._repeat, name=name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._thread.join(timeout=STOP_SECONDS)

    def _repeat(self) -> None:
        if self._at_once:
            self._act()
        while not self._ended.wait(self._every):
            self._act()
