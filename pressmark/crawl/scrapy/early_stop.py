"""Stops a crawl early: no more requests are sent, and waiting ones are refused."""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any, Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from pressmark.crawl.scrapy.download_errors import Refused

INTERRUPTED = "interrupted"
"""Reason of requests that were not sent or not completed because the crawl was stopped."""
GRACE = 5.0
"""Seconds for open downloads to end: a slow server may otherwise take as long as `politeness.timeout`."""


class EarlyStopMiddleware:
    """A downloader middleware, before all others.

    Scrapy stops only when no request is active: one that waits for its host's delay, a Retry-After or an article's
    next pages would delay the stop by minutes.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._stopped = asyncio.Event()
        self._timeout = crawler.settings.getfloat("DOWNLOAD_TIMEOUT")
        self._deadline: float | None = None
        self._active: set[asyncio.Task[Response]] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build it for Scrapy."""
        return cls(crawler)

    def set_time_limit(self, seconds: float) -> None:
        """Limit all downloads to this time from now."""
        self._deadline = time.monotonic() + seconds

    def stop(self) -> None:
        """Refuse waiting and new requests; cancel open downloads after some seconds."""
        if not self._stopped.is_set():
            asyncio.get_running_loop().call_later(GRACE, self._cancel_downloads)
        self._stopped.set()
        assert self._crawler.engine is not None
        for slot in list(self._crawler.engine.downloader.slots.values()):
            if slot.latercall:
                slot.latercall.cancel()
                slot.latercall = None
            while slot.queue:
                _, waiting = slot.queue.popleft()
                waiting.errback(_refused())

    async def download(self, coroutine: Coroutine[Any, Any, Response]) -> Response:
        """Wait for a download.

        Raises:
            Refused: the crawl was stopped before the download ended.
        """
        task = asyncio.ensure_future(coroutine)
        self._active.add(task)
        try:
            return await task
        except asyncio.CancelledError:
            raise Refused(INTERRUPTED, "the crawl ended during its download") from None
        finally:
            self._active.discard(task)

    def _cancel_downloads(self) -> None:
        for each in self._active:
            each.cancel()

    async def sleep(self, seconds: float) -> None:
        """Wait for this time, or until the crawl is stopped."""
        try:
            await asyncio.wait_for(self._stopped.wait(), seconds)
        except TimeoutError:
            return

    def process_request(self, request: Request) -> None:
        """Refuse a request when the crawl was stopped.

        Raises:
            Refused: it was stopped.
        """
        if self._stopped.is_set():
            raise _refused()
        if self._deadline is not None and (left := self._deadline - time.monotonic()) < self._timeout:
            request.meta["download_timeout"] = max(left, 0.1)


def _refused() -> Refused:
    return Refused(INTERRUPTED, "the crawl ended before it was requested")
