"""Waits as long as a site asks before a request is tried again."""

import asyncio
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from scrapy import Request
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from pressmark.errors import CrawlRefused

LONGEST = 30.0
"""Seconds; a site that wants more is left alone until the next run."""


class RetryAfter(RetryMiddleware):
    """Scrapy's retries, with the Retry-After of 429 and 503 answers (RFC 9110, 10.2.3)."""

    async def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        """Sleep if asked to, then do as Scrapy does; end the crawl if the site asks for more than a moment."""
        if response.status in {429, 503} and (asked := response.headers.get("Retry-After")):
            seconds = seconds_until(asked.decode("latin-1"))
            if seconds > LONGEST:
                told = f"{response.url} answers {response.status} and asks for {seconds:.0f} s of peace"
                assert self.crawler.spider
                self.crawler.spider.run.break_off(CrawlRefused(told))  # type: ignore[attr-defined]
                raise IgnoreRequest(told)
            await asyncio.sleep(seconds)
        return super().process_response(request, response)


def seconds_until(asked: str) -> float:
    """Return how long from now on: the header is a number of seconds or an HTTP date; 0 for anything else."""
    if asked.strip().isdecimal():
        return float(asked)
    try:
        until = parsedate_to_datetime(asked)
    except ValueError:
        return 0.0
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
