"""A thread that calls a function periodically."""

from collections.abc import Callable
from threading import Event, Thread
from typing import Self

STOP_SECONDS = 10


class PeriodicThread:
    """Calls a function periodically. A context manager.

    Args:
        act: the function; it must not raise errors that a later call may fix.
        every: seconds between two calls.
        name: name of the thread.
        at_once: make the first call now, not after `every` seconds.
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
