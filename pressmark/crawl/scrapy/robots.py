"""Obeys robots.txt by RFC 9309; Scrapy's own middleware allows everything if it can't read the file."""

import asyncio
import logging
from datetime import datetime
from typing import Any, Self
from urllib.parse import urljoin

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import StopDownload
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK
from w3lib.url import safe_url_string

from pressmark.archive.bucket.visits import VisitedPage
from pressmark.archive.warc.http_head import REDIRECTS
from pressmark.archive.warc.robots_copy import FRESH, HOPS, RobotsCopies, RobotsCopy
from pressmark.crawl.scrapy.conditional_requests import is_not_modified, make_conditional
from pressmark.crawl.scrapy.download_errors import BAD_HEAD, Refused
from pressmark.crawl.scrapy.early_stop import INTERRUPTED
from pressmark.crawl.scrapy.known_hosts import ANY_HOST
from pressmark.crawl.scrapy.retry_after import ENDS_RUN
from pressmark.crawl.state.parts import CrawlParts
from pressmark.crawl.state.robots import ALLOW_ALL, LARGEST, Robots, read_robots
from pressmark.sites.hosts import Server, server_of
from pressmark.sites.site import Site

PATH = "/robots.txt"
UNREACHABLE = "robots-unreachable"
"""Reason of requests that are not sent because robots.txt can't be read."""
ROBOTS = "robots"
"""Key in the meta of a request for robots.txt: the bytes received so far."""
PARTIAL, TOO_MANY = 206, 429

logger = logging.getLogger(__name__)


class RobotsMiddleware:
    """A downloader middleware that fetches each server's robots.txt once per run, and refuses what it forbids."""

    def __init__(self, crawler: Crawler, site: Site, started_at: datetime, copies: RobotsCopies) -> None:
        self._crawler, self._site, self._started_at, self._copies = crawler, site, started_at, copies
        self._files: dict[Server, asyncio.Future[Robots]] = {}
        self._active = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Take the site, and the captured copies of its robots.txt."""
        parts = CrawlParts.of(crawler)
        return cls(crawler, parts.run.site, parts.run.started_at, parts.robots_copies)

    async def process_request(self, request: Request) -> None:
        """Wait for the server's robots.txt.

        Raises:
            Refused: it forbids the request, or can't be read: then everything is forbidden (RFC 9309, 2.3.1.4).
        """
        if ROBOTS in request.meta:
            return
        server = server_of(request.url)
        if not (file := self._files.get(server)):
            file = self._files[server] = asyncio.ensure_future(self._load(server))
        robots = file.result() if file.done() else await asyncio.shield(file)
        if not robots.allows(request.url):
            raise Refused("robots", "robots.txt forbids it")

    async def _load(self, server: Server) -> Robots:
        url = f"{server}{PATH}"
        try:
            robots = await self._fetch(url)
        except _UnreachableError as error:
            copy = await asyncio.to_thread(self._copies.serving, url)
            if not copy:
                message = f"{url} can't be read ({error}), so no request to its host is allowed (RFC 9309, 2.3.1.4)"
                logger.warning("%s. The next run tries again.", message)
                raise Refused(UNREACHABLE, message) from error
            logger.warning("%s can't be read (%s): using the copy of %s", url, error, copy.original.captured_at)
            robots = await asyncio.to_thread(read_robots, copy.body)
        if robots.crawl_delay:
            slow_down(self._crawler, server.host, robots.crawl_delay, self._site.politeness.longest_delay)
        return robots

    async def _fetch(self, url: str) -> Robots:
        """Follow redirects, and read the file at the end."""
        seen: set[str] = set()
        while len(seen) <= HOPS:
            if url in seen:
                raise _UnreachableError(f"{url} redirects in a circle")
            seen.add(url)
            copy = await asyncio.to_thread(self._copies.last, url)
            response = await self._download(url, copy, first=len(seen) == 1)
            status = response.status
            if status in REDIRECTS and (location := response.headers.get("Location")):
                url = _absolute(url, location)
            elif copy and is_not_modified(response):
                return await asyncio.to_thread(read_robots, copy.body)
            elif 200 <= status < 300 and status != PARTIAL:
                return await asyncio.to_thread(read_robots, response.body)
            elif 400 <= status < 500 and status != TOO_MANY:
                return ALLOW_ALL
            else:
                raise _UnreachableError(f"{url} answers {status}")
        raise _UnreachableError(f"it redirects more than {HOPS} times")

    async def _download(self, url: str, copy: RobotsCopy | None, *, first: bool) -> Response:
        meta = {ROBOTS: 0, ANY_HOST: True, "dont_redirect": True, "handle_httpstatus_all": True}
        meta[ENDS_RUN] = first and server_of(url) == server_of(self._site.origin)  # The server of the listing.
        request = Request(url, NO_CALLBACK, meta=meta)
        if copy and self._started_at - copy.original.captured_at < FRESH:
            page = VisitedPage(original=copy.original, etag=copy.etag, last_modified=copy.last_modified)
            request = make_conditional(request, page)
        assert self._crawler.engine is not None
        self._count_active(+1)
        try:
            return await self._crawler.engine.download_async(request)
        except Refused as error:
            # These reasons say more than an unreachable robots.txt.
            if error.reason == INTERRUPTED or (first and error.reason != BAD_HEAD):
                raise
            raise _UnreachableError(str(error)) from error
        except Exception as error:
            raise _UnreachableError(f"{url}: {type(error).__name__}: {error}") from error
        finally:
            self._count_active(-1)

    def _count_active(self, more: int) -> None:
        """Count active downloads of robots.txt; listen to received bytes only meanwhile, as listening is slow."""
        self._active += more
        change = self._crawler.signals.connect if self._active else self._crawler.signals.disconnect
        change(self._received, signals.bytes_received)

    def _received(self, data: bytes, request: Request, **_: Any) -> None:
        """End the download of a file after the part that is read."""
        if ROBOTS in request.meta:
            request.meta[ROBOTS] += len(data)
            if request.meta[ROBOTS] > 2 * LARGEST:
                raise StopDownload(fail=False)


class _UnreachableError(Exception):
    """A robots.txt can't be read."""


def _absolute(url: str, location: bytes) -> str:
    try:
        return urljoin(url, safe_url_string(location)).partition("#")[0]
    except ValueError as error:
        raise _UnreachableError(f"{url} redirects to an invalid address") from error


def slow_down(crawler: Crawler, host: str, seconds: float, longest: float) -> None:
    """Set the delay of a host for the rest of the run, unless the site file's delay is longer."""
    if seconds > longest:
        logger.warning(
            "robots.txt of %s asks for %g s between two requests: waiting %g s (`politeness.longest_delay`)",
            host,
            seconds,
            longest,
        )
        seconds = longest
    if seconds <= crawler.settings.getfloat("DOWNLOAD_DELAY"):
        return
    assert crawler.engine is not None
    downloader = crawler.engine.downloader
    # Scrapy deletes slots after a minute without requests: the next slot of this host takes its delay from here.
    downloader.per_slot_settings[host] = {"delay": seconds}
    if slot := downloader.slots.get(host):
        slot.delay = seconds
