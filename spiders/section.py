"""The section spider: listing pages until one brings nothing new, and the articles they name."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from scrapy import Request, Spider
from scrapy.http import Response
from twisted.python.failure import Failure
from web_poet import HttpResponse

from pressmark.capture import Receipt
from pressmark.outcomes import Outcome
from pressmark.reading import Reading
from pressmark.run import Run
from spiders.conditional import NOT_MODIFIED, conditional, visited
from spiders.failures import gone, why
from spiders.layouts import layout_of, page_of
from spiders.listing import Entry, Listing
from spiders.listing_pages import ListingPages
from spiders.page_requisites import PageRequisites
from spiders.reading import NotWhole, as_rejection, read_article
from spiders.wire import RECEIPT


class SectionSpider(Spider):
    """The regular crawl of one section of one site; spiders of other scopes choose other pages and articles."""

    name = "section"

    def __init__(self, run: Run, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.run = run
        self.layout = layout_of(run.site)
        self.listings = ListingPages(run)

    async def start(self) -> AsyncIterator[Request]:
        """Begin with the first listing page, and what the last run could not have."""
        yield self.listing_request(1)
        for url in [*self.run.last.failed, *(visit.url for visit in self.run.watch.overdue())]:
            if match := self.run.site.article_match(url):
                entry = Entry(article_id=match["id"], url=url, printed_day=match["day"])
                if self.run.see(entry.article_id, url):
                    yield self.article_request(entry)

    async def parse_listing(self, response: Response, number: int) -> AsyncIterator[Request]:
        """Ask for the page's articles, and for the next page."""
        listing = await self.listings.read(response, number)
        if not listing:
            return
        await asyncio.to_thread(self.run.ledger.learn, {entry.day for entry in listing.entries})
        for entry in self.wanted(listing):
            if self.run.see(entry.article_id, entry.url):
                yield self.article_request(entry)
        if self.goes_on(listing, number) and listing.next_url:
            yield self.listing_request(number + 1, listing.next_url)

    def wanted(self, listing: Listing) -> list[Entry]:
        """Return the articles of a page to ask for, of which what is known is learnt."""
        return [entry for entry in listing.entries if self.run.watch.due(entry.article_id)]

    def goes_on(self, listing: Listing, number: int) -> bool:
        """Tell whether to read the next page, if there is one: only if this one brought something new."""
        ledger, last = self.run.ledger, self.run.last
        fresh = any(
            entry.article_id in last.aside or not ledger.knows_article(entry.day, entry.article_id)
            for entry in listing.entries
        )
        self.run.caught_up = not (fresh and listing.next_url)
        return number < self.run.scope.last_page and (fresh or self.run.scope.recheck or not last.complete)

    async def parse_article(self, response: Response, entry: Entry) -> AsyncIterator[Reading | Request]:
        """Read an article, with its following pages if it is a long one; then ask for what its pages need."""
        if response.status == NOT_MODIFIED:
            if await self._following_are_the_same(entry):
                self.run.watch.unchanged(entry.article_id)
                self.run.settle(entry.article_id, Outcome.NOT_MODIFIED)
                return
            try:
                response = await self._fetch(entry.url)
            except NotWhole as error:
                self._not_whole(entry, error)
                return
        pages = [response]

        async def fetch(url: str) -> HttpResponse:
            pages.append(await self._fetch(url))
            return page_of(pages[-1])

        page_class = self.layout.article_page(response.meta[RECEIPT].captured_at)
        try:
            article = await read_article(page_class, self.run.site, entry.article_id, page_of(response), fetch)
        except NotWhole as error:
            self._not_whole(entry, error)
        except Exception as error:  # noqa: BLE001 - whatever breaks on one page must not stop the others
            self._visited(entry, pages)
            self.run.reject(entry.article_id, entry.day, response.url, as_rejection(error), _receipts(pages))
        else:
            self._visited(entry, pages, article.published_at)
            yield Reading(article=article, day=entry.day, receipts=_receipts(pages))
        for request in PageRequisites(self.run).of(*pages):
            yield request

    def article_failed(self, failure: Failure) -> None:
        """An article that can't be had is counted as failed, and tried again by the next run."""
        reason, message = why(failure)
        entry: Entry = failure.request.cb_kwargs["entry"]  # type: ignore[attr-defined]  # Scrapy adds it
        if (answer := gone(failure)) and self._withdrawn(entry, answer):
            return
        self.logger.warning("failed: %s: %s", entry.url, message)
        self.run.settle(entry.article_id, Outcome.FAILED, reason=reason, message=message)

    async def _fetch(self, url: str) -> Response:
        """Fetch a page at once, past the scheduler."""
        response = await self._download(Request(url))
        if response.status != 200:
            raise NotWhole(f"{url} answers {response.status}")
        return response

    async def _download(self, request: Request) -> Response:
        assert self.crawler.engine is not None
        try:
            return await self.crawler.engine.download_async(request)
        except Exception as error:
            raise NotWhole(f"{request.url}: {type(error).__name__}: {error}") from error

    async def _following_are_the_same(self, entry: Entry) -> bool:
        """Ask for the following pages of an article whose first is the same."""
        for page in self.run.watch.pages(entry.article_id)[1:]:
            try:
                response = await self._download(conditional(Request(page.original.url), page))
            except NotWhole:
                return False  # What is wrong with it will be told when the whole article is asked for.
            if response.status != NOT_MODIFIED:
                return False
        return True

    def _visited(self, entry: Entry, pages: list[Response], created_at: datetime | None = None) -> None:
        self.run.watch.seen(
            entry.article_id, entry.url, entry.printed_day, pages=tuple(map(visited, pages)), created_at=created_at
        )

    def _withdrawn(self, entry: Entry, response: Response) -> bool:
        """Note that an article is gone, if it is a known one."""
        self.run.watch.seen(entry.article_id, entry.url, entry.printed_day)
        return self.run.withdraw(entry.article_id, entry.day, entry.url, response.status, response.meta[RECEIPT])

    def _not_whole(self, entry: Entry, error: NotWhole) -> None:
        self.logger.warning("failed: %s: %s", entry.url, error)
        self.run.settle(entry.article_id, Outcome.FAILED, reason="following-page", message=str(error))

    def article_request(self, entry: Entry) -> Request:
        """Return the request for an article, on condition that it changed if it was had before."""
        request = Request(entry.url, self.parse_article, errback=self.article_failed, cb_kwargs={"entry": entry})
        pages = self.run.watch.pages(entry.article_id)
        return conditional(request, pages[0]) if pages else request

    def listing_request(self, number: int, url: str | None = None) -> Request:
        """Return the request for a listing page; `url` is where a link to it leads."""
        return self.listings.request(number, url).replace(callback=self.parse_listing, errback=self.listings.failed)


def _receipts(pages: list[Response]) -> tuple[Receipt, ...]:
    return tuple(page.meta[RECEIPT] for page in pages)
