"""Waits as long as a site asks before a request is tried again, and no longer than its site file allows."""

import logging
import re
from collections import Counter
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.settings import BaseSettings

from pressmark.crawl.scrapy.download_errors import Refused
from pressmark.crawl.scrapy.early_stop import EarlyStopMiddleware
from pressmark.crawl.scrapy.recording_handler import ONLY_READ
from pressmark.crawl.state.parts import CrawlParts
from pressmark.crawl.state.run import RunStatus
from pressmark.errors import CrawlRefused
from pressmark.sites.hosts import Server, server_of

DECIDES = "decides"
"""A request's meta may say that the run ends if its response asks for more time than the site file allows."""
MOST = 3
"""Requisites in a row whose responses ask for more than that; then the server is asked for no more of them."""
LONGER_THAN_ANY = 1e9
"""Seconds; what is asked for beyond that makes no difference."""
_SECONDS = re.compile(r"[0-9]+")

logger = logging.getLogger(__name__)


class RetryAfterMiddleware(RetryMiddleware):
    """Scrapy's retries, with the Retry-After of 429 and 503 responses (RFC 9110, 10.2.3).

    A site may ask for more than `politeness.longest_delay`. The run ends if its listing or robots.txt does. An article
    is then not tried again in this run, which goes on after the longest delay. A requisite is not tried again either.
    """

    def __init__(self, settings: BaseSettings, longest_delay: float, status: RunStatus) -> None:
        super().__init__(settings)
        self._longest_delay, self._status = longest_delay, status
        self._in_a_row: Counter[Server] = Counter()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Take the longest delay of the site, and the status of the run."""
        parts = CrawlParts.of(crawler)
        made = cls(crawler.settings, parts.run.site.politeness.longest_delay, parts.status)
        made.crawler = crawler
        return made

    def process_request(self, request: Request) -> None:
        """Refuse a requisite of a server that asked to be left alone, again and again.

        Raises:
            Refused: it did.
        """
        if ONLY_READ in request.meta and self._in_a_row[server_of(request.url)] >= MOST:
            raise Refused("retry-after", f"its server answered {MOST} requisites in a row with a long Retry-After")

    async def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        """Wait if asked to, then do as Scrapy does.

        Raises:
            IgnoreRequest: the site asks for more than it may, and the run ends.
        """
        seconds, longest = _asked(response), self._longest_delay
        if ONLY_READ in request.meta:
            server = server_of(request.url)
            self._in_a_row[server] = self._in_a_row[server] + 1 if seconds > longest else 0
        if seconds > longest:
            return await self._not_again(request, response, seconds)
        if seconds:
            await self._sleep(seconds)
        return super().process_response(request, response)

    async def _not_again(self, request: Request, response: Response, seconds: float) -> Response:
        longest = self._longest_delay
        message = (
            f"{response.url} answers {response.status} and asks for {seconds:.0f} s of peace, more than {longest:g} s"
        )
        message += " (`politeness.longest_delay`)"
        if request.meta.get(DECIDES):
            self._status.abort(CrawlRefused(message))
            raise IgnoreRequest(message)
        logger.warning("%s: it is not asked again in this run", message)
        if ONLY_READ not in request.meta:
            await self._sleep(longest)
        return response

    async def _sleep(self, seconds: float) -> None:
        ending = self.crawler.get_downloader_middleware(EarlyStopMiddleware)
        assert ending
        await ending.sleep(seconds)


def _asked(response: Response) -> float:
    """Return the seconds that a response asks to be left alone for; 0 if it does not."""
    asked = response.headers.get("Retry-After") if response.status in {429, 503} else None
    return seconds_until(asked.decode("latin-1")) if asked else 0.0


def seconds_until(asked: str) -> float:
    """Return how long from now on: the header is a number of seconds or an HTTP date; 0 for anything else."""
    if _SECONDS.fullmatch(asked.strip()):
        return min(float(asked), LONGER_THAN_ANY)
    try:
        until = parsedate_to_datetime(asked)
        return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
    except (ValueError, OverflowError, TypeError, IndexError):  # Whatever the parser meets in what is no date.
        return 0.0
