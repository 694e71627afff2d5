"""The section spider: reads listing pages until one has nothing new, and their articles."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from pressmark.crawl.scrapy.conditional_requests import conditional, is_not_modified, visited
from pressmark.crawl.scrapy.content_decoding import fetched, limits
from pressmark.crawl.scrapy.download_errors import GONE, REJECTED, UnreadableContent, gone, why
from pressmark.crawl.scrapy.recording_handler import OWN_CONNECTION, RECEIPT
from pressmark.crawl.state.parts import CrawlParts
from pressmark.errors import ReadingFailed, Rejected
from pressmark.extract.article_reader import NotWhole, as_rejection, read_article
from pressmark.extract.layouts import layout_of
from pressmark.extract.listing import Entry, Listing
from pressmark.extract.page_messages import FetchedPage, ReadPage
from pressmark.extract.urls import plain
from pressmark.model.capture import Receipt
from pressmark.model.item import Reading
from pressmark.model.outcomes import Outcome
from pressmark.spiders.base import ReadingSpider
from pressmark.spiders.requisites import PageRequisites

MISMATCH = "id-mismatch"
"""Reason of a page that names another article as its own."""
AFTER_LISTINGS = -900
"""Priority: after all listing pages and the articles that are new on them, before requisites."""


class SectionSpider(ReadingSpider):
    """The spider of regular runs; spiders of other scopes select other pages and articles."""

    name = "section"

    def __init__(self, parts: CrawlParts, **kwargs: Any) -> None:
        super().__init__(parts, **kwargs)
        self.outcomes, self.stager, self.requisites = parts.outcomes, parts.stager, parts.requisites
        self.previous, self.ledger, self.watch = parts.previous, parts.ledger, parts.watch
        self.layout = layout_of(self.run.site)

    async def start(self) -> AsyncIterator[Request]:
        """Start with the first listing page; after all listings come failed articles of the last run, and due ones."""
        yield self.listing_request(1)
        for url in [*self.previous.failed, *(visit.url for visit in self.watch.overdue())]:
            if match := self.run.site.article_match(url):
                entry = Entry(article_id=match["id"], url=url, printed_day=match["day"])
                if self.outcomes.see(entry.article_id, url):
                    yield self.article_request(entry).replace(priority=AFTER_LISTINGS)

    async def parse_listing(self, response: Response, number: int) -> AsyncIterator[Request]:
        """Request the page's articles, and the next page."""
        listing = await self.listing_pages.read(response, number)
        if not listing:
            return
        await asyncio.to_thread(self.ledger.learn, {entry.day for entry in listing.entries})
        for entry in self.wanted(listing):
            if self.outcomes.see(entry.article_id, entry.url):
                yield self.article_request(entry)
        if self.goes_on(listing, number) and listing.next_url:
            yield self.listing_request(number + 1, listing.next_url)

    def wanted(self, listing: Listing) -> list[Entry]:
        """Return the articles of a page to fetch; the known versions of their days are loaded."""
        return [entry for entry in listing.entries if self.watch.due(entry.article_id)]

    def goes_on(self, listing: Listing, number: int) -> bool:
        """Return whether to read the next page, if there is one: only if this one has something new."""
        ledger, last = self.ledger, self.previous
        fresh = any(
            entry.article_id in last.aside or not ledger.knows_article(entry.day, entry.article_id)
            for entry in listing.entries
        )
        self.progress.set_caught_up(not (fresh and listing.next_url))
        return number < self.run.scope.last_page and (fresh or self.run.scope.recheck or not last.complete)

    async def parse_article(self, response: Response, entry: Entry) -> AsyncIterator[Reading | Request]:
        """Read an article with all its pages, then request their requisites."""
        self.outcomes.capture(entry.article_id)
        first = await self._not_modified(response, entry) if is_not_modified(response) else response
        if not first:
            return
        pages, needs = [first], PageRequisites(self.run.site, self.requisites, self.reader)
        page_class = self.layout.article_page(first.meta[RECEIPT].captured_at)

        async def fetch(url: str) -> FetchedPage:
            pages.append(await self._fetch(url))
            return fetched(pages[-1])

        async def read(page: FetchedPage) -> ReadPage:
            found = await self.reader.soon(self.reader.article_page, page_class, page)
            needs.want(found.requisites, via=page.url)
            return found

        try:
            article = await read_article(read, self.run.site, entry.article_id, fetched(first), fetch)
        except (NotWhole, ReadingFailed) as error:
            self._not_read(entry, error)
        except UnreadableContent as error:
            self._unreadable(entry, error, pages)
        except Exception as error:  # noqa: BLE001 - an error on one page must not stop the others
            async for each in self._no_article(entry, as_rejection(error), pages):
                yield each
        else:
            self._visited(entry, pages, article.published_at)
            yield Reading(article=article, day=entry.day, receipts=_receipts(pages))
        for request in needs.next():
            yield request

    async def _no_article(
        self, entry: Entry, rejection: Rejected, pages: list[Response]
    ) -> AsyncIterator[Reading | Request]:
        """Reject a page that can't become an article; fetch it again if it is another article's."""
        if rejection.reason == MISMATCH and OWN_CONNECTION not in pages[0].meta:
            self.outcomes.disown(entry.article_id)
            async for each in self._ask_again(entry):
                yield each
        else:
            self._visited(entry, pages)
            self.stager.reject(entry.article_id, entry.day, pages[0].url, rejection, _receipts(pages))

    async def _not_modified(self, response: Response, entry: Entry) -> Response | None:
        """Record an unchanged article; fetch and return its first page if it has to be read again."""
        if self._is_of(entry, response.url) and await self._following_are_the_same(entry):
            self.watch.unchanged(entry.article_id)
            self.outcomes.record_outcome(entry.article_id, Outcome.NOT_MODIFIED)
            return None
        try:
            return await self._fetch(entry.url)
        except NotWhole as error:
            self._not_read(entry, error)
        except UnreadableContent as error:
            self._unreadable(entry, error)
        return None

    async def article_failed(self, failure: Failure) -> AsyncIterator[Reading | Request]:
        """Record an article that can't be fetched as failed; the next run tries again."""
        entry: Entry = failure.request.cb_kwargs["entry"]  # type: ignore[attr-defined]  # Scrapy adds it
        if gone(failure) and self.ledger.last_version(entry.day, entry.article_id):
            async for each in self._ask_again(entry):
                yield each
        elif isinstance(failure.value, UnreadableContent):
            self._unreadable(entry, failure.value)
        else:
            self._failed(entry, *why(failure))

    async def _ask_again(self, entry: Entry) -> AsyncIterator[Reading | Request]:
        """Fetch an article from its own URL on a new connection, and accept the response.

        The first response may have been a late one to another request, or that of another URL.
        """
        meta = {**limits(self.run.site, self.run.site.bounds.article), OWN_CONNECTION: True}
        assert self.crawler.engine is not None
        try:
            response = await self.crawler.engine.download_async(Request(plain(entry.url), meta=meta))
        except UnreadableContent as error:
            self._unreadable(entry, error)
        except Exception as error:  # noqa: BLE001 - each error has a reason, as for any article
            self._failed(entry, *why(Failure(error)))  # type: ignore[no-untyped-call]
        else:
            is_gone = response.status in GONE and self._is_of(entry, response.url)
            if not (is_gone and self._withdrawn(entry, response)):
                async for each in self.parse_article(response, entry):
                    yield each

    async def _fetch(self, url: str) -> Response:
        """Fetch a page at once, past the scheduler."""
        response = await self._download(Request(url, meta=limits(self.run.site, self.run.site.bounds.article)))
        if response.status != 200:
            raise NotWhole(f"{url} answers {response.status}")
        return response

    async def _download(self, request: Request) -> Response:
        assert self.crawler.engine is not None
        try:
            return await self.crawler.engine.download_async(request)
        except UnreadableContent:
            raise
        except Exception as error:
            raise NotWhole(f"{request.url}: {type(error).__name__}: {error}") from error

    async def _following_are_the_same(self, entry: Entry) -> bool:
        """Return whether the following pages of an article are unchanged, as its first is."""
        for page in self.watch.pages(entry.article_id)[1:]:
            if not self._is_of(entry, page.original.url):
                return False  # The stored visits are wrong.
            try:
                response = await self._download(conditional(Request(page.original.url), page))
            except (NotWhole, UnreadableContent):
                return False  # The fetch of the whole article will report it.
            if not is_not_modified(response):
                return False
        return True

    def _is_of(self, entry: Entry, url: str) -> bool:
        match = self.run.site.article_match(url)
        return bool(match and match["id"] == entry.article_id)

    def _visited(self, entry: Entry, pages: list[Response], created_at: datetime | None = None) -> None:
        self.watch.seen(
            entry.article_id, entry.url, entry.printed_day, pages=tuple(map(visited, pages)), created_at=created_at
        )

    def _withdrawn(self, entry: Entry, response: Response) -> bool:
        """Record that an article is gone; return False if it is not known."""
        self.watch.seen(entry.article_id, entry.url, entry.printed_day)
        return self.stager.withdraw(entry.article_id, entry.day, entry.url, response.status, response.meta[RECEIPT])

    def _not_read(self, entry: Entry, error: NotWhole | ReadingFailed) -> None:
        """Record that an article could not be read, which says nothing about it: the next run tries again."""
        self._failed(entry, error.reason, str(error))

    def _unreadable(self, entry: Entry, error: UnreadableContent, before: Sequence[Response] = ()) -> None:
        """Record a page without readable content: a rejection if the same bytes always have this result."""
        if error.reason not in REJECTED:
            self._failed(entry, error.reason, str(error))
            return
        pages = [*before, error.response]
        self._visited(entry, pages)
        rejection = Rejected(error.reason, str(error))
        self.stager.reject(entry.article_id, entry.day, pages[0].url, rejection, _receipts(pages))

    def _failed(self, entry: Entry, reason: str, message: str) -> None:
        self.logger.warning("failed: %s: %s", entry.url, message)
        self.outcomes.record_outcome(entry.article_id, Outcome.FAILED, reason=reason, message=message)

    def article_request(self, entry: Entry) -> Request:
        """Return the request for an article, a conditional one if it was fetched before."""
        request = Request(
            entry.url,
            self.parse_article,
            errback=self.article_failed,
            cb_kwargs={"entry": entry},
            meta=limits(self.run.site, self.run.site.bounds.article),
        )
        pages = self.watch.pages(entry.article_id)
        return conditional(request, pages[0]) if pages else request

    def listing_request(self, number: int, url: str | None = None) -> Request:
        """Return the request for a listing page; `url` is that of a link to it."""
        return self.listing_pages.request(number, url).replace(
            callback=self.parse_listing, errback=self.listing_pages.failed
        )


def _receipts(pages: list[Response]) -> tuple[Receipt, ...]:
    return tuple(page.meta[RECEIPT] for page in pages)
