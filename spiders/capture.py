"""Captures every exchange that reaches the downloader, whatever asked for it: pages, listings, robots.txt, redirects.

It sits next to the downloader, where bodies are still encoded as they were received. The wire-exact recorder will take
its place: Scrapy's responses have lost the header order, the reason phrase's spelling and the chunk framing.
"""

import asyncio
from datetime import UTC, datetime
from http.client import responses
from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.utils.httpobj import urlparse_cached

from pressmark.capture import Exchange
from pressmark.errors import SpoolError
from pressmark.run import Run

RECORD_ID = "record_id"
_STARTED_AT = "capture_started_at"


class Capture:
    """A downloader middleware that writes each exchange to the run's spool and leaves its record id in the meta."""

    def __init__(self, crawler: Crawler, run: Run) -> None:
        self._crawler, self._run = crawler, run

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Take the run from the spider."""
        return cls(crawler, crawler.spider.run)  # type: ignore[union-attr]  # the engine builds middlewares once there is one

    def process_request(self, request: Request) -> None:
        """Note when the request left."""
        request.meta[_STARTED_AT] = datetime.now(UTC)

    async def process_response(self, request: Request, response: Response) -> Response:
        """Record the exchange; if the spool can't take it, stop the crawl: what is not captured is not read."""
        try:
            request.meta[RECORD_ID] = self._run.spool.record(_exchange(request, response))
        except SpoolError as error:
            self._run.fail(error)
            self._stopping = asyncio.ensure_future(self._crawler.stop_async())
            raise IgnoreRequest(str(error)) from error
        return response


def _exchange(request: Request, response: Response) -> Exchange:
    return Exchange(
        url=request.url,
        request_head=_request_head(request),
        request_body=request.body,
        response_head=_response_head(response),
        response_body=response.body,
        status=response.status,
        started_at=request.meta[_STARTED_AT],
        ip=str(response.ip_address) if response.ip_address else None,
    )


def _request_head(request: Request) -> bytes:
    parts = urlparse_cached(request)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [f"{request.method} {target} HTTP/1.1".encode()]
    if b"Host" not in request.headers:
        lines.append(b"Host: " + parts.netloc.encode())
    return _head(lines, request.headers.items())


def _response_head(response: Response) -> bytes:
    status = f"{response.protocol or 'HTTP/1.1'} {response.status} {responses.get(response.status, '')}"
    return _head([status.encode()], response.headers.items())


def _head(lines: list[bytes], headers: object) -> bytes:
    lines += [name + b": " + value for name, values in headers for value in values]  # type: ignore[attr-defined]
    return b"\r\n".join(lines) + b"\r\n\r\n"
