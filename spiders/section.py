"""The section spider: listing pages until one brings nothing new, and the articles they name."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from scrapy import Request, Spider
from scrapy.exceptions import DownloadTimeoutError, IgnoreRequest
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure
from web_poet import HttpResponse, HttpResponseHeaders

from pressmark.capture import Receipt
from pressmark.errors import CrawlRefused, LayoutChanged, RunFailed
from pressmark.outcomes import Outcome
from pressmark.reading import Reading
from pressmark.run import Run
from spiders.conditional import NOT_MODIFIED, conditional, visited
from spiders.layouts import layout_of, page_response
from spiders.listing import Entry, Listing
from spiders.page_requisites import PageRequisites
from spiders.reading import NotWhole, as_rejection, read_article
from spiders.wire import RECEIPT

REFUSALS = {401, 403}
GONE = {404, 410}


class SectionSpider(Spider):
    """Crawls one section of one site for a run."""

    name = "section"

    def __init__(self, run: Run, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.run = run
        self.layout = layout_of(run.site)

    async def start(self) -> AsyncIterator[Request]:
        """Begin with the first listing page, and what the last run could not have."""
        yield self._listing_request(self.run.site.origin + self.run.section.path, number=1)
        for url in [*self.run.last.failed, *(visit.url for visit in self.run.watch.overdue())]:
            if match := self.run.site.article_match(url):
                entry = Entry(article_id=match["id"], url=url, printed_day=match["day"])
                if self.run.see(entry.article_id, url):
                    yield self._article_request(entry)

    async def parse_listing(self, response: Response, number: int) -> AsyncIterator[Request]:
        """Ask for the page's articles, and for the next page if this one brought something new."""
        try:
            listing = await self.layout.listing(_page(response), site=self.run.site).to_item()
        except Exception as error:  # noqa: BLE001 - whatever breaks here, the run must not end green
            self.run.fail(LayoutChanged(f"listing {response.url} can't be read: {type(error).__name__}: {error}"))
            return
        self.run.listing_pages += 1
        self.run.elsewhere.update(listing.elsewhere)
        self._check(listing, response.url)
        self.logger.info("listing page %d: %d articles", number, len(listing.entries))
        await asyncio.to_thread(self.run.ledger.learn, {entry.day for entry in listing.entries})
        fresh = [entry for entry in listing.entries if not self.run.ledger.knows_article(entry.day, entry.article_id)]
        for entry in listing.entries:
            if self.run.watch.due(entry.article_id) and self.run.see(entry.article_id, entry.url):
                yield self._article_request(entry)
        self.run.caught_up = not (fresh and listing.next_url)
        go_on = fresh or self.run.recheck or not self.run.last.complete
        if listing.next_url and number < self.run.pages and go_on:
            # Behind the articles of this page: a run that is cut short leaves a gap at the old end, not in the middle.
            yield self._listing_request(listing.next_url, number + 1)

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
            return _page(pages[-1])

        page_class = self.layout.article_page(response.meta[RECEIPT].captured_at)
        try:
            article = await read_article(page_class, self.run.site, entry.article_id, _page(response), fetch)
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

    def listing_failed(self, failure: Failure) -> None:
        """A listing that can't be had fails the run; what was found before it is kept."""
        url = failure.request.url  # type: ignore[attr-defined]  # Scrapy adds it
        reason, message = _why(failure)
        refused = reason in {"robots", *(f"http-{status}" for status in REFUSALS)}
        error = CrawlRefused if refused else RunFailed
        self.run.fail(error(f"listing {url}: {message}"))

    def article_failed(self, failure: Failure) -> None:
        """An article that can't be had is counted as failed, and tried again by the next run."""
        reason, message = _why(failure)
        entry: Entry = failure.request.cb_kwargs["entry"]  # type: ignore[attr-defined]  # Scrapy adds it
        if isinstance(failure.value, HttpError) and self._withdrawn(entry, failure.value.response):
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
        if response.status not in GONE:
            return False
        self.run.watch.seen(entry.article_id, entry.url, entry.printed_day)
        return self.run.withdraw(entry.article_id, entry.day, entry.url, response.status, response.meta[RECEIPT])

    def _not_whole(self, entry: Entry, error: NotWhole) -> None:
        self.logger.warning("failed: %s: %s", entry.url, error)
        self.run.settle(entry.article_id, Outcome.FAILED, reason="following-page", message=str(error))

    def _check(self, listing: Listing, url: str) -> None:
        """Hold a listing against what the site file promises (`expect`)."""
        expect, found = self.run.site.expect, len(listing.entries)
        fewest = expect.fewest if listing.next_url else 1
        if not fewest <= found <= expect.most:
            self.run.fail(
                LayoutChanged(
                    f"listing {url} has {found} articles, expected {fewest} to {expect.most}: layout changed? "
                    f"Look at the page, then at the selectors of layout {self.run.site.layout!r}."
                )
            )

    def _article_request(self, entry: Entry) -> Request:
        request = Request(entry.url, self.parse_article, errback=self.article_failed, cb_kwargs={"entry": entry})
        pages = self.run.watch.pages(entry.article_id)
        return conditional(request, pages[0]) if pages else request

    def _listing_request(self, url: str, number: int) -> Request:
        return Request(
            url, self.parse_listing, errback=self.listing_failed, cb_kwargs={"number": number}, priority=-number
        )


def _receipts(pages: list[Response]) -> tuple[Receipt, ...]:
    return tuple(page.meta[RECEIPT] for page in pages)


def _page(response: Response) -> HttpResponse:
    return page_response(
        response.url, response.body, response.status, HttpResponseHeaders.from_bytes_dict(response.headers)
    )


def _why(failure: Failure) -> tuple[str, str]:
    """Return why a download failed: a short name to count, and the details."""
    match error := failure.value:
        case HttpError():
            return f"http-{error.response.status}", f"it answers {error.response.status}"
        case IgnoreRequest() if "robots.txt" in str(error):
            return "robots", "robots.txt forbids it"
        case IgnoreRequest() if "offsite" in str(error):
            return "offsite", "it leads to a host that the site file does not allow (`hosts`)"
        case IgnoreRequest() if "redirections" in str(error):
            return "redirects", "it redirects in a circle"
        case DownloadTimeoutError():
            return "timeout", "no whole response in time"
    return "network", f"{type(error).__name__}: {error}"
