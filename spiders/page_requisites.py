"""The requisites of one page: asked for one after the other, behind all articles, within the page's bounds."""

from collections import deque
from collections.abc import Iterator

from scrapy import Request
from scrapy.http import Response
from scrapy.utils.httpobj import urlparse_cached
from twisted.python.failure import Failure

from pressmark.run import Run
from spiders.requisite_links import requisites_of
from spiders.wire import ONLY_READ, RECEIPT

LAST = -1000
"""Priority: behind all articles and listings."""


class PageRequisites:
    """Asks for what a page needs to be shown again; what fails is counted and harms nothing."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._waiting: deque[Request] = deque()
        self._number = run.site.requisites.number
        self._size = run.site.requisites.size

    def of(self, *pages: Response) -> Iterator[Request]:
        """Begin with what these pages of one article need."""
        for page in pages:
            self._find(page)
        yield from self._next()

    def captured(self, response: Response) -> Iterator[Request]:
        """Count it, look for more in a stylesheet, and go on."""
        self._run.requisites.captured += 1
        assert response.request
        self._spend(response.request)
        self._find(response)
        yield from self._next()

    def failed(self, failure: Failure) -> Iterator[Request]:
        """Count it and go on."""
        self._run.requisites.failed += 1
        self._spend(failure.request)  # type: ignore[attr-defined]  # Scrapy adds it
        yield from self._next()

    def _find(self, response: Response) -> None:
        wants = self._run.requisites.wants
        for url in requisites_of(response) if self._number else ():
            request = self._request(url, via=response.url)
            if wants(request.url, urlparse_cached(request).hostname or ""):
                self._waiting.append(request)

    def _spend(self, request: Request) -> None:
        if receipt := request.meta.get(RECEIPT):
            self._size -= receipt.size

    def _next(self) -> Iterator[Request]:
        if self._waiting and self._number > 0 and self._size > 0:
            self._number -= 1
            request = self._waiting.popleft()
            request.meta["download_maxsize"] = self._size
            yield request
        elif self._waiting:
            self._run.requisites.leave_out([request.url for request in self._waiting])
            self._waiting.clear()

    def _request(self, url: str, via: str) -> Request:
        return Request(
            url,
            self.captured,
            errback=self.failed,
            headers={"Referer": via, "Accept": "*/*"},
            priority=LAST,
            meta={"dont_retry": True, ONLY_READ: "text/css"},
        )
