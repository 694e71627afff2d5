"""The section spider: reads listing pages until one has nothing new, and their articles."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from scrapy import Request
from scrapy.http import Response

from pressmark.crawl.state.parts import CrawlParts
from pressmark.extract.listing import Entry, Listing
from pressmark.spiders.article_pages import ArticlePages
from pressmark.spiders.base import ReadingSpider

AFTER_LISTINGS = -900
"""Priority: after all listing pages and the articles that are new on them, before requisites."""


class SectionSpider(ReadingSpider):
    """The spider of regular runs; spiders of other scopes select other pages and articles."""

    name = "section"

    def __init__(self, parts: CrawlParts, **kwargs: Any) -> None:
        super().__init__(parts, **kwargs)
        self.outcomes, self.previous = parts.outcomes, parts.previous
        self.ledger, self.revisits = parts.ledger, parts.revisits
        self.articles = ArticlePages(
            site=self.run.site,
            outcomes=parts.outcomes,
            ledger=parts.ledger,
            revisits=parts.revisits,
            requisites=parts.requisites,
            stager=parts.stager,
            reader=self.reader,
            download=self._download,
            logger=self.logger,
        )

    async def start(self) -> AsyncIterator[Request]:
        """Start with the first listing page; after all listings come failed articles of the last run, and due ones."""
        yield self.listing_request(1)
        for url in [*self.previous.failed, *(visit.url for visit in self.revisits.overdue())]:
            if match := self.run.site.article_match(url):
                entry = Entry(article_id=match["id"], url=url, printed_day=match["day"])
                if self.outcomes.see(entry.article_id, url):
                    yield self.articles.request(entry).replace(priority=AFTER_LISTINGS)

    async def parse_listing(self, response: Response, number: int) -> AsyncIterator[Request]:
        """Request the page's articles, and the next page."""
        listing = await self.listing_pages.read(response, number)
        if not listing:
            return
        await asyncio.to_thread(self.ledger.learn, {entry.day for entry in listing.entries})
        for entry in self.select(listing):
            if self.outcomes.see(entry.article_id, entry.url):
                yield self.articles.request(entry)
        if self.should_continue(listing, number) and listing.next_url:
            yield self.listing_request(number + 1, listing.next_url)

    def select(self, listing: Listing) -> list[Entry]:
        """Return the articles of a page to fetch; the known versions of their days are loaded."""
        return [entry for entry in listing.entries if self.revisits.due(entry.article_id)]

    def should_continue(self, listing: Listing, number: int) -> bool:
        """Return whether to read the next page, if there is one: only if this one has something new."""
        ledger, last = self.ledger, self.previous
        fresh = any(
            entry.article_id in last.aside or not ledger.knows_article(entry.day, entry.article_id)
            for entry in listing.entries
        )
        self.progress.set_caught_up(not (fresh and listing.next_url))
        return number < self.run.scope.last_page and (fresh or self.run.scope.recheck or not last.complete)

    def listing_request(self, number: int, url: str | None = None) -> Request:
        """Return the request for a listing page; `url` is that of a link to it."""
        return self.listing_pages.request(number, url).replace(
            callback=self.parse_listing, errback=self.listing_pages.failed
        )

    async def _download(self, request: Request) -> Response:
        assert self.crawler.engine is not None
        return await self.crawler.engine.download_async(request)
