"""The end of a crawl before its end: once it is to stop, nothing more is sent and nothing waits."""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any, Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from pressmark.crawl.scrapy.download_errors import Refused

INTERRUPTED = "interrupted"
"""Reason of what was not asked, or not had whole, since the crawl was to end."""
GRACE = 5.0
"""Seconds that are left to what is under way: a server may drip for as long as `politeness.timeout` allows."""


class EarlyStopMiddleware:
    """A downloader middleware, before all others.

    Scrapy stops when nothing is under way any more: a request that waits for its host's delay, a Retry-After or the
    next pages of an article would hold it for minutes.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._over = asyncio.Event()
        self._timeout = crawler.settings.getfloat("DOWNLOAD_TIMEOUT")
        self._deadline: float | None = None
        self._under_way: set[asyncio.Task[Response]] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """The crawl may go on."""
        return cls(crawler)

    def end_within(self, seconds: float) -> None:
        """Let no download go on for longer than this."""
        self._deadline = time.monotonic() + seconds

    def end(self) -> None:
        """Refuse what waits, and all that comes."""
        if not self._over.is_set():
            asyncio.get_running_loop().call_later(GRACE, self._give_up)
        self._over.set()
        assert self._crawler.engine is not None
        for slot in list(self._crawler.engine.downloader.slots.values()):
            if slot.latercall:
                slot.latercall.cancel()
                slot.latercall = None
            while slot.queue:
                _, waiting = slot.queue.popleft()
                waiting.errback(_refused())

    async def download(self, coming: Coroutine[Any, Any, Response]) -> Response:
        """Wait for a download, for as long as the crawl goes on.

        Raises:
            Refused: the crawl ended before it did.
        """
        task = asyncio.ensure_future(coming)
        self._under_way.add(task)
        try:
            return await task
        except asyncio.CancelledError:
            raise Refused(INTERRUPTED, "the crawl ended while it was downloaded") from None
        finally:
            self._under_way.discard(task)

    def _give_up(self) -> None:
        for each in self._under_way:
            each.cancel()

    async def sleep(self, seconds: float) -> None:
        """Wait so long, or until the crawl is to end."""
        try:
            await asyncio.wait_for(self._over.wait(), seconds)
        except TimeoutError:
            return

    def process_request(self, request: Request) -> None:
        """Refuse a request when the crawl is to end.

        Raises:
            Refused: it is.
        """
        if self._over.is_set():
            raise _refused()
        if self._deadline is not None and (left := self._deadline - time.monotonic()) < self._timeout:
            request.meta["download_timeout"] = max(left, 0.1)


def _refused() -> Refused:
    return Refused(INTERRUPTED, "the crawl ended before it was asked for")
