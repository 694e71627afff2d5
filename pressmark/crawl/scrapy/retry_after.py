"""Waits for `Retry-After` before a retry, up to the longest delay of the site file."""

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

ENDS_RUN = "ends_run"
"""Key in a request's meta: the run ends if its response asks for a longer delay than the site file allows."""
MOST_REFUSED = 3
"""Consecutive requisites with a longer delay; after these, the server gets no more requests for requisites."""
LONGER_THAN_ANY = 1e9
"""Seconds; all longer delays are equal."""
_SECONDS = re.compile(r"[0-9]+")

logger = logging.getLogger(__name__)


class RetryAfterMiddleware(RetryMiddleware):
    """Scrapy's retries, with the Retry-After of 429 and 503 responses (RFC 9110, 10.2.3).

    A site may ask for more than `politeness.longest_delay`. If its listing or robots.txt does, the run ends. An article
    is then not retried in this run, which continues after the longest delay. A requisite is not retried either.
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
        """Refuse a requisite of a server that keeps asking for long delays.

        Raises:
            Refused: it does.
        """
        if ONLY_READ in request.meta and self._in_a_row[server_of(request.url)] >= MOST_REFUSED:
            raise Refused(
                "retry-after", f"its server answered {MOST_REFUSED} requisites in a row with a long Retry-After"
            )

    async def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        """Wait for the requested delay, then retry as Scrapy does.

        Raises:
            IgnoreRequest: the delay is too long, and the run ends.
        """
        seconds, longest = _requested_delay(response), self._longest_delay
        if ONLY_READ in request.meta:
            server = server_of(request.url)
            self._in_a_row[server] = self._in_a_row[server] + 1 if seconds > longest else 0
        if seconds > longest:
            return await self._give_up(request, response, seconds)
        if seconds:
            await self._sleep(seconds)
        return super().process_response(request, response)

    async def _give_up(self, request: Request, response: Response, seconds: float) -> Response:
        longest = self._longest_delay
        message = (
            f"{response.url} answers {response.status} and asks for a delay of {seconds:.0f} s, more than {longest:g} s"
        )
        message += " (`politeness.longest_delay`)"
        if request.meta.get(ENDS_RUN):
            self._status.abort(CrawlRefused(message))
            raise IgnoreRequest(message)
        logger.warning("%s: it is not requested again in this run", message)
        if ONLY_READ not in request.meta:
            await self._sleep(longest)
        return response

    async def _sleep(self, seconds: float) -> None:
        early_stop = self.crawler.get_downloader_middleware(EarlyStopMiddleware)
        assert early_stop
        await early_stop.sleep(seconds)


def _requested_delay(response: Response) -> float:
    """Return the delay that a response asks for, in seconds; 0 if none."""
    value = response.headers.get("Retry-After") if response.status in {429, 503} else None
    return seconds_until(value.decode("latin-1")) if value else 0.0


def seconds_until(value: str) -> float:
    """Return the delay from now: the header is a number of seconds or an HTTP date; 0 for anything else."""
    if _SECONDS.fullmatch(value.strip()):
        return min(float(value), LONGER_THAN_ANY)
    try:
        until = parsedate_to_datetime(value)
        return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
    except (ValueError, OverflowError, TypeError, IndexError):  # The header is no date.
        return 0.0
