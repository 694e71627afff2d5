"""Limits searches: a few at once and one per client, so that no client makes the others wait for long."""

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
"""Seconds that a search waits before it starts."""
MOST_WAITING = 100
"""Waiting searches of one client."""

Answer = TypeVar("Answer")


class TooManySearches(Exception):
    """Too many searches are waiting; this one was not started."""


@attrs.define
class SearchLimiter:
    """Limits searches in one event loop. Waiting ones use no thread; running ones have their own threads."""

    at_once: int = AT_ONCE
    wait: float = WAIT
    _clients: dict[str, anyio.Lock] = attrs.field(factory=dict, init=False)
    _all: anyio.Semaphore = attrs.field(init=False)
    _threads: anyio.CapacityLimiter = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._all, self._threads = anyio.Semaphore(self.at_once), anyio.CapacityLimiter(self.at_once)

    async def run(self, client: str, work: Callable[..., Answer], *args: object) -> Answer:
        """Run a function in a thread once a client's turn comes.

        Args:
            client: e.g. a network address.
            work: the function.
            args: its arguments.

        Raises:
            TooManySearches: it waited too long.
        """
        async with self._turn(client):
            return await run_sync(partial(work, *args), limiter=self._threads)

    def waiting(self, client: str) -> int:
        """Return how many searches of a client wait for another one of the same client."""
        return self._clients[client].statistics().tasks_waiting if client in self._clients else 0

    @asynccontextmanager
    async def _turn(self, client: str) -> AsyncIterator[None]:
        if self.waiting(client) >= MOST_WAITING:
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
