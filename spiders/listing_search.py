"""The search spider: finds the listing pages with the articles of some days."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from pressmark.crawl.scrapy.download_errors import gone_response
from pressmark.crawl.state.listing_search import Probe, search_pages
from pressmark.crawl.state.parts import CrawlParts
from pressmark.errors import RunFailed
from pressmark.spiders.base import ReadingSpider


class PageSearchSpider(ReadingSpider):
    """Fetches listing pages one after the other, and no articles."""

    name = "page-search"

    def __init__(self, parts: CrawlParts, **kwargs: Any) -> None:
        super().__init__(parts, **kwargs)
        self._search = search_pages(*self.run.scope.days)
        self._probes = 0

    async def start(self) -> AsyncIterator[Request]:
        """Start with the first page."""
        for request in self._next(None):
            yield request

    async def parse_listing(self, response: Response, number: int) -> AsyncIterator[Request]:
        """Read the days on the page, and request the page that the search wants next."""
        if listing := await self.listing_pages.read(response, number):
            probe = Probe(days=listing.days, pages=listing.pages, last=listing.next_url is None)
            for request in self._next(probe):
                yield request

    def listing_failed(self, failure: Failure) -> Iterator[Request]:
        """Handle a 404: the section ends before this page. Any other failure fails the run."""
        number: int = failure.request.cb_kwargs["number"]  # type: ignore[attr-defined]  # Scrapy adds it
        if number > 1 and gone_response(failure):
            yield from self._next(Probe(last=True))
        else:
            self.listing_pages.failed(failure)

    def _next(self, probe: Probe | None) -> Iterator[Request]:
        try:
            number = self._search.send(probe)  # type: ignore[arg-type]  # None starts the search
        except StopIteration as end:
            self.progress.record_pages_found(end.value)
            return
        self._probes += 1
        if self._probes > self.run.scope.pages:
            self.status.fail(
                RunFailed(
                    f"no end to the search after {self.run.scope.pages} listing pages: is the listing sorted by day?"
                )
            )
            return
        yield self.listing_pages.request(number).replace(callback=self.parse_listing, errback=self.listing_failed)
