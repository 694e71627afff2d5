"""Searches are limited: a few at once, one per client, and none waits forever."""

import asyncio
from queue import SimpleQueue
from threading import Event

import anyio
import pytest

from pressmark.web.reading_room.search.limiter import MOST_WAITING, SearchLimiter, TooManySearches


def test_a_client_runs_one_search_at_a_time_and_others_overtake_it() -> None:
    turns, may_end = SearchLimiter(at_once=2), Event()
    begun: SimpleQueue[str] = SimpleQueue()

    def work(name: str) -> str:
        begun.put(name)
        assert may_end.wait(20)
        return name

    async def main() -> None:
        greedy = [asyncio.create_task(turns.run("greedy", work, f"greedy {number}")) for number in range(3)]
        assert await asyncio.to_thread(begun.get, timeout=20) == "greedy 0"
        other = asyncio.create_task(turns.run("other", work, "other"))
        assert await asyncio.to_thread(begun.get, timeout=20) == "other"
        may_end.set()
        assert [await each for each in (*greedy, other)] == ["greedy 0", "greedy 1", "greedy 2", "other"]

    asyncio.run(main())


def test_a_search_that_waits_too_long_fails() -> None:
    turns, may_end, begun = SearchLimiter(at_once=1, wait=0.1), Event(), Event()

    def work() -> None:
        begun.set()
        assert may_end.wait(20)

    async def main() -> None:
        first = asyncio.create_task(turns.run("a", work))
        await asyncio.to_thread(begun.wait, 20)
        for client in ("a", "b"):
            with pytest.raises(TooManySearches):
                await turns.run(client, work)
        may_end.set()
        await first
        await turns.run("b", work)  # The cancelled ones hold nothing.
        await turns.run("a", work)

    asyncio.run(main())


def test_a_client_has_a_limited_queue() -> None:
    turns, may_end = SearchLimiter(at_once=1), Event()

    async def main() -> None:
        waiting = [asyncio.create_task(turns.run("a", may_end.wait, 20)) for _ in range(MOST_WAITING + 1)]
        await anyio.wait_all_tasks_blocked()
        assert turns.waiting("a") == MOST_WAITING
        with pytest.raises(TooManySearches):
            await turns.run("a", may_end.wait, 20)
        may_end.set()
        assert all([await each for each in waiting])
        assert turns.waiting("a") == 0

    asyncio.run(main())
