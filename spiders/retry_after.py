"""Waits as long as a site asks before a request is tried again."""

import asyncio

from scrapy import Request
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.http import Response

LONGEST = 60.0
"""Seconds; a site that wants more is left alone until the next run."""


class RetryAfter(RetryMiddleware):
    """Scrapy's retries, with the Retry-After of 429 and 503 answers (RFC 9110, 10.2.3) in seconds."""

    async def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        """Sleep if asked to, then do as Scrapy does."""
        asked = response.headers.get("Retry-After", b"") or b""
        if response.status in {429, 503} and asked.isdigit():
            if int(asked) > LONGEST:
                return response
            await asyncio.sleep(int(asked))
        return super().process_response(request, response)
