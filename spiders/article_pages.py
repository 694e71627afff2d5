"""Requests and reads the pages of articles, and records each article's outcome."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import attrs
from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from pressmark.archive.bucket.known_versions import Ledger
from pressmark.crawl.scrapy.conditional_requests import is_not_modified, make_conditional, visited_page
from pressmark.crawl.scrapy.content_decoding import fetched_page, size_limits
from pressmark.crawl.scrapy.download_errors import GONE, REJECTED, UnreadableContent, failure_reason, gone_response
from pressmark.crawl.scrapy.recording_handler import OWN_CONNECTION, RECEIPT
from pressmark.crawl.state.requisites import Requisites
from pressmark.crawl.state.revisits import Revisits
from pressmark.crawl.state.staging import DocumentStager
from pressmark.errors import ReadingFailed, Rejected
from pressmark.extract.article_reader import IncompleteArticle, as_rejection, read_article
from pressmark.extract.layouts import layout_of
from pressmark.extract.listing import Entry
from pressmark.extract.page_messages import FetchedPage, ReadPage
from pressmark.extract.page_reader import PageReader
from pressmark.extract.urls import without_query
from pressmark.model.capture import Receipt
from pressmark.model.item import Reading
from pressmark.model.outcomes import Outcome, Outcomes
from pressmark.sites.site import Site
from pressmark.spiders.requisites import PageRequisites

if TYPE_CHECKING:
    from logging import LoggerAdapter

MISMATCH = "id-mismatch"
"""Reason of a page that names another article as its own."""


@attrs.frozen(kw_only=True, eq=False)
class ArticlePages:
    """Reads articles for a spider, and their requisites; each article gets an outcome or becomes an item."""

    site: Site
    outcomes: Outcomes
    ledger: Ledger
    revisits: Revisits
    requisites: Requisites
    stager: DocumentStager
    reader: PageReader
    download: Callable[[Request], Awaitable[Response]]
    """Fetches a page at once, past the scheduler."""
    logger: "LoggerAdapter[Any]"
    """That of the spider."""

    def request(self, entry: Entry) -> Request:
        """Return the request for an article, a conditional one if it was fetched before."""
        request = Request(
            entry.url,
            self.parse,
            errback=self.failed,
            cb_kwargs={"entry": entry},
            meta=size_limits(self.site, self.site.bounds.article),
        )
        pages = self.revisits.pages(entry.article_id)
        return make_conditional(request, pages[0]) if pages else request

    async def parse(self, response: Response, entry: Entry) -> AsyncIterator[Reading | Request]:
        """Read an article with all its pages, then request their requisites."""
        self.outcomes.capture(entry.article_id)
        first = await self._not_modified(response, entry) if is_not_modified(response) else response
        if not first:
            return
        pages, requisites = [first], PageRequisites(self.site, self.requisites, self.reader)
        page_class = layout_of(self.site).article_page(first.meta[RECEIPT].captured_at)

        async def fetch(url: str) -> FetchedPage:
            pages.append(await self._fetch(url))
            return fetched_page(pages[-1])

        async def read(page: FetchedPage) -> ReadPage:
            found = await self.reader.run_in_thread(self.reader.article_page, page_class, page)
            requisites.add(found.requisites, via=page.url)
            return found

        try:
            article = await read_article(read, self.site, entry.article_id, fetched_page(first), fetch)
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
        if self._is_page_of(entry, response.url) and await self._is_following_unchanged(entry):
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

    async def failed(self, failure: Failure) -> AsyncIterator[Reading | Request]:
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
        meta = {**size_limits(self.site, self.site.bounds.article), OWN_CONNECTION: True}
        try:
            response = await self.download(Request(without_query(entry.url), meta=meta))
        except UnreadableContent as error:
            self._record_unreadable(entry, error)
        except Exception as error:  # noqa: BLE001 - each error has a reason, as for any article
            self._record_failure(entry, *failure_reason(Failure(error)))  # type: ignore[no-untyped-call]
        else:
            is_gone = response.status in GONE and self._is_page_of(entry, response.url)
            if not (is_gone and self._withdraw(entry, response)):
                async for each in self.parse(response, entry):
                    yield each

    async def _fetch(self, url: str) -> Response:
        """Fetch a page at once, past the scheduler."""
        response = await self._download(Request(url, meta=size_limits(self.site, self.site.bounds.article)))
        if response.status != 200:
            raise IncompleteArticle(f"{url} answers {response.status}")
        return response

    async def _download(self, request: Request) -> Response:
        try:
            return await self.download(request)
        except UnreadableContent:
            raise
        except Exception as error:
            raise IncompleteArticle(f"{request.url}: {type(error).__name__}: {error}") from error

    async def _is_following_unchanged(self, entry: Entry) -> bool:
        """Return whether the following pages of an article are unchanged, as its first is."""
        for page in self.revisits.pages(entry.article_id)[1:]:
            if not self._is_page_of(entry, page.original.url):
                return False  # The stored visits are wrong.
            try:
                response = await self._download(make_conditional(Request(page.original.url), page))
            except (IncompleteArticle, UnreadableContent):
                return False  # The fetch of the whole article will report it.
            if not is_not_modified(response):
                return False
        return True

    def _is_page_of(self, entry: Entry, url: str) -> bool:
        match = self.site.article_match(url)
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


def _receipts(pages: list[Response]) -> tuple[Receipt, ...]:
    return tuple(page.meta[RECEIPT] for page in pages)
