"""Turns: a few searches at once, and one of each client, so that nobody's searches make the others wait for long."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TypeVar

import anyio
import attrs
from anyio.to_thread import run_sync

AT_ONCE = max(2, os.cpu_count() or 1)
WAIT = 10.0
"""Seconds that a search waits for its turn."""
MOST_WAITING = 100
"""Searches of one client that wait."""

Answer = TypeVar("Answer")


class TooManySearches(Exception):
    """So many searches wait that the turn of this one would not come in time."""


@attrs.define
class SearchLimiter:
    """Gives turns in one event loop; who waits holds no thread, and all others have threads of their own."""

    at_once: int = AT_ONCE
    wait: float = WAIT
    _clients: dict[str, anyio.Lock] = attrs.field(factory=dict, init=False)
    _all: anyio.Semaphore = attrs.field(init=False)
    _threads: anyio.CapacityLimiter = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._all, self._threads = anyio.Semaphore(self.at_once), anyio.CapacityLimiter(self.at_once)

    async def run(self, client: str, work: Callable[..., Answer], *args: object) -> Answer:
        """Run something in a thread when it is a client's turn.

        Args:
            client: whose turn it is, e.g. a network address.
            work: what to run.
            args: for it.

        Raises:
            TooManySearches: the turn did not come in time.
        """
        async with self._turn(client):
            return await run_sync(partial(work, *args), limiter=self._threads)

    def line(self, client: str) -> int:
        """Return how many searches of a client wait behind another one of its own."""
        return self._clients[client].statistics().tasks_waiting if client in self._clients else 0

    @asynccontextmanager
    async def _turn(self, client: str) -> AsyncIterator[None]:
        if self.line(client) >= MOST_WAITING:
            raise TooManySearches
        own = self._clients.setdefault(client, anyio.Lock())
        try:
            async with AsyncExitStack() as turn:
                try:
                    with anyio.fail_after(self.wait):
                        await turn.enter_async_context(own)
                        await turn.enter_async_context(self._all)
                except TimeoutError:
                    raise TooManySearches from None
                yield
        finally:
            if not own.locked():
                self._clients.pop(client, None)
