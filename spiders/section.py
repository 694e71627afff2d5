"""The section spider: reads listing pages until one has nothing new, and their articles."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from pressmark.crawl.scrapy.conditional_requests import is_not_modified, make_conditional, visited_page
from pressmark.crawl.scrapy.content_decoding import fetched_page, size_limits
from pressmark.crawl.scrapy.download_errors import GONE, REJECTED, UnreadableContent, failure_reason, gone_response
from pressmark.crawl.scrapy.recording_handler import OWN_CONNECTION, RECEIPT
from pressmark.crawl.state.parts import CrawlParts
from pressmark.errors import ReadingFailed, Rejected
from pressmark.extract.article_reader import IncompleteArticle, as_rejection, read_article
from pressmark.extract.layouts import layout_of
from pressmark.extract.listing import Entry, Listing
from pressmark.extract.page_messages import FetchedPage, ReadPage
from pressmark.extract.urls import without_query
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
        self.previous, self.ledger, self.revisits = parts.previous, parts.ledger, parts.revisits
        self.layout = layout_of(self.run.site)

    async def start(self) -> AsyncIterator[Request]:
        """Start with the first listing page; after all listings come failed articles of the last run, and due ones."""
        yield self.listing_request(1)
        for url in [*self.previous.failed, *(visit.url for visit in self.revisits.overdue())]:
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
        for entry in self.select(listing):
            if self.outcomes.see(entry.article_id, entry.url):
                yield self.article_request(entry)
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

    async def parse_article(self, response: Response, entry: Entry) -> AsyncIterator[Reading | Request]:
        """Read an article with all its pages, then request their requisites."""
        self.outcomes.capture(entry.article_id)
        first = await self._not_modified(response, entry) if is_not_modified(response) else response
        if not first:
            return
        pages, requisites = [first], PageRequisites(self.run.site, self.requisites, self.reader)
        page_class = self.layout.article_page(first.meta[RECEIPT].captured_at)

        async def fetch(url: str) -> FetchedPage:
            pages.append(await self._fetch(url))
            return fetched_page(pages[-1])

        async def read(page: FetchedPage) -> ReadPage:
            found = await self.reader.run_in_thread(self.reader.article_page, page_class, page)
            requisites.add(found.requisites, via=page.url)
            return found

        try:
            article = await read_article(read, self.run.site, entry.article_id, fetched_page(first), fetch)
        except (IncompleteArticle, ReadingFailed) as error:
            self._record_unread(entry, error)
        except UnreadableContent as error:
            self._record_unreadable(entry, error, pages)
        except Exception as error:  # noqa: BLE001 - an error on one page must not stop the others
            async for each in self._reject(entry, as_rejection(error), pages):
                yield each
        else:
            self._record_visit(entry, pages, article.published_at)
            yield Reading(article=article, day=entry.day, receipts=_receipts(pages))
        for request in requisites.next():
            yield request

    async def _reject(
        self, entry: Entry, rejection: Rejected, pages: list[Response]
    ) -> AsyncIterator[Reading | Request]:
        """Reject a page that can't become an article; fetch it again if it is another article's."""
        if rejection.reason == MISMATCH and OWN_CONNECTION not in pages[0].meta:
            self.outcomes.disown(entry.article_id)
            async for each in self._fetch_again(entry):
                yield each
        else:
            self._record_visit(entry, pages)
            self.stager.reject(entry.article_id, entry.day, pages[0].url, rejection, _receipts(pages))

    async def _not_modified(self, response: Response, entry: Entry) -> Response | None:
        """Record an unchanged article; fetch and return its first page if it has to be read again."""
        if self._is_of(entry, response.url) and await self._is_following_unchanged(entry):
            self.revisits.record_unchanged(entry.article_id)
            self.outcomes.record_outcome(entry.article_id, Outcome.NOT_MODIFIED)
            return None
        try:
            return await self._fetch(entry.url)
        except IncompleteArticle as error:
            self._record_unread(entry, error)
        except UnreadableContent as error:
            self._record_unreadable(entry, error)
        return None

    async def article_failed(self, failure: Failure) -> AsyncIterator[Reading | Request]:
        """Record an article that can't be fetched as failed; the next run tries again."""
        entry: Entry = failure.request.cb_kwargs["entry"]  # type: ignore[attr-defined]  # Scrapy adds it
        if gone_response(failure) and self.ledger.last_version(entry.day, entry.article_id):
            async for each in self._fetch_again(entry):
                yield each
        elif isinstance(failure.value, UnreadableContent):
            self._record_unreadable(entry, failure.value)
        else:
            self._record_failure(entry, *failure_reason(failure))

    async def _fetch_again(self, entry: Entry) -> AsyncIterator[Reading | Request]:
        """Fetch an article from its own URL on a new connection, and accept the response.

        The first response may have been a late one to another request, or that of another URL.
        """
        meta = {**size_limits(self.run.site, self.run.site.bounds.article), OWN_CONNECTION: True}
        assert self.crawler.engine is not None
        try:
            response = await self.crawler.engine.download_async(Request(without_query(entry.url), meta=meta))
        except UnreadableContent as error:
            self._record_unreadable(entry, error)
        except Exception as error:  # noqa: BLE001 - each error has a reason, as for any article
            self._record_failure(entry, *failure_reason(Failure(error)))  # type: ignore[no-untyped-call]
        else:
            is_gone = response.status in GONE and self._is_of(entry, response.url)
            if not (is_gone and self._withdraw(entry, response)):
                async for each in self.parse_article(response, entry):
                    yield each

    async def _fetch(self, url: str) -> Response:
        """Fetch a page at once, past the scheduler."""
        response = await self._download(Request(url, meta=size_limits(self.run.site, self.run.site.bounds.article)))
        if response.status != 200:
            raise IncompleteArticle(f"{url} answers {response.status}")
        return response

    async def _download(self, request: Request) -> Response:
        assert self.crawler.engine is not None
        try:
            return await self.crawler.engine.download_async(request)
        except UnreadableContent:
            raise
        except Exception as error:
            raise IncompleteArticle(f"{request.url}: {type(error).__name__}: {error}") from error

    async def _is_following_unchanged(self, entry: Entry) -> bool:
        """Return whether the following pages of an article are unchanged, as its first is."""
        for page in self.revisits.pages(entry.article_id)[1:]:
            if not self._is_of(entry, page.original.url):
                return False  # The stored visits are wrong.
            try:
                response = await self._download(make_conditional(Request(page.original.url), page))
            except (IncompleteArticle, UnreadableContent):
                return False  # The fetch of the whole article will report it.
            if not is_not_modified(response):
                return False
        return True

    def _is_of(self, entry: Entry, url: str) -> bool:
        match = self.run.site.article_match(url)
        return bool(match and match["id"] == entry.article_id)

    def _record_visit(self, entry: Entry, pages: list[Response], created_at: datetime | None = None) -> None:
        self.revisits.record_visit(
            entry.article_id, entry.url, entry.printed_day, pages=tuple(map(visited_page, pages)), created_at=created_at
        )

    def _withdraw(self, entry: Entry, response: Response) -> bool:
        """Record that an article is gone; return False if it is not known."""
        self.revisits.record_visit(entry.article_id, entry.url, entry.printed_day)
        return self.stager.withdraw(entry.article_id, entry.day, entry.url, response.status, response.meta[RECEIPT])

    def _record_unread(self, entry: Entry, error: IncompleteArticle | ReadingFailed) -> None:
        """Record that an article could not be read, which says nothing about it: the next run tries again."""
        self._record_failure(entry, error.reason, str(error))

    def _record_unreadable(self, entry: Entry, error: UnreadableContent, before: Sequence[Response] = ()) -> None:
        """Record a page without readable content: a rejection if the same bytes always have this result."""
        if error.reason not in REJECTED:
            self._record_failure(entry, error.reason, str(error))
            return
        pages = [*before, error.response]
        self._record_visit(entry, pages)
        rejection = Rejected(error.reason, str(error))
        self.stager.reject(entry.article_id, entry.day, pages[0].url, rejection, _receipts(pages))

    def _record_failure(self, entry: Entry, reason: str, message: str) -> None:
        self.logger.warning("failed: %s: %s", entry.url, message)
        self.outcomes.record_outcome(entry.article_id, Outcome.FAILED, reason=reason, message=message)

    def article_request(self, entry: Entry) -> Request:
        """Return the request for an article, a conditional one if it was fetched before."""
        request = Request(
            entry.url,
            self.parse_article,
            errback=self.article_failed,
            cb_kwargs={"entry": entry},
            meta=size_limits(self.run.site, self.run.site.bounds.article),
        )
        pages = self.revisits.pages(entry.article_id)
        return make_conditional(request, pages[0]) if pages else request

    def listing_request(self, number: int, url: str | None = None) -> Request:
        """Return the request for a listing page; `url` is that of a link to it."""
        return self.listing_pages.request(number, url).replace(
            callback=self.parse_listing, errback=self.listing_pages.failed
        )


def _receipts(pages: list[Response]) -> tuple[Receipt, ...]:
    return tuple(page.meta[RECEIPT] for page in pages)
