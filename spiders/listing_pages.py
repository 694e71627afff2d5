"""Requests and reads listing pages, and checks them against the site file."""

import logging

from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from pressmark.crawl.scrapy.content_decoding import fetched_page, size_limits
from pressmark.crawl.scrapy.download_errors import failure_reason
from pressmark.crawl.scrapy.early_stop import INTERRUPTED
from pressmark.crawl.scrapy.retry_after import ENDS_RUN
from pressmark.crawl.state.listing_progress import ListingProgress
from pressmark.crawl.state.run import Run, RunStatus
from pressmark.crawl.state.run_check import REFUSED
from pressmark.errors import CrawlRefused, LayoutChanged, ReadingFailed, RunFailed
from pressmark.extract.article_reader import as_rejection
from pressmark.extract.layouts import layout_of
from pressmark.extract.listing import Listing
from pressmark.extract.page_reader import PageReader
from pressmark.model.outcomes import GONE
from pressmark.sites.scope import ScopeKind
from pressmark.text import brief

OK = 200
LONGEST_URL = 500
"""Characters of a URL among a manifest's `elsewhere`; longer ones are cut."""

logger = logging.getLogger(__name__)


class ListingPages:
    """Reads listing pages for all spiders; a page that can't be fetched or read fails the run."""

    def __init__(self, run: Run, status: RunStatus, progress: ListingProgress, reader: PageReader) -> None:
        self._run, self._status, self._progress, self._reader = run, status, progress, reader
        self._page = layout_of(run.site).listing

    def request(self, number: int, url: str | None = None) -> Request:
        """Return a request without callbacks for a page, by its number or by the URL of a link to it."""
        url = url or self._run.site.listing_url(self._run.section, number)
        # After the articles of earlier pages: if a run is cut short, only the oldest articles are missing.
        return Request(
            url,
            cb_kwargs={"number": number},
            priority=-number,
            meta={**size_limits(self._run.site, self._run.site.bounds.listing), ENDS_RUN: True},
        )

    async def read(self, response: Response, number: int) -> Listing | None:
        """Return the content of a page; fail the run and return None if it can't be read."""
        if response.status != OK or not response.body.strip():
            what = f"answers {response.status}" if response.status != OK else "has an empty body"
            self._status.fail(RunFailed(f"listing {response.url} {what}"))
            return None
        try:
            listing = await self._reader.run_in_thread(self._reader.listing, self._page, fetched_page(response))
        except ReadingFailed as error:
            self._status.fail(RunFailed(f"listing: {error}"))
            return None
        except Exception as error:  # noqa: BLE001 - any error here must fail the run
            self._status.fail(LayoutChanged(f"listing {response.url} can't be read: {brief(str(as_rejection(error)))}"))
            return None
        self._progress.add_page(_cut(url) for url in listing.elsewhere)
        self._check(listing, response.url)
        logger.info("listing page %d: %d articles", number, len(listing.entries))
        return listing

    def failed(self, failure: Failure) -> None:
        """Fail the run for a listing page that can't be fetched; articles of earlier pages are kept."""
        url = failure.request.url  # type: ignore[attr-defined]  # Scrapy adds it
        reason, message = failure_reason(failure)
        if reason == INTERRUPTED:
            return
        number = failure.request.cb_kwargs["number"]  # type: ignore[attr-defined]
        if reason in GONE and self._run.scope.kind is ScopeKind.BACKFILL and number > 1:
            logger.info("listing %s: %s. The section ends before it", url, message)
            self._progress.record_end()
            return
        error = CrawlRefused if reason in REFUSED else RunFailed
        self._status.fail(error(f"listing {url}: {message}"))

    def _check(self, listing: Listing, url: str) -> None:
        """Check the number of articles against the site file (`expect`)."""
        expect, found = self._run.site.expect, len(listing.entries)
        fewest = expect.fewest if listing.next_url else 1
        if not fewest <= found <= expect.most:
            self._status.fail(
                LayoutChanged(
                    f"listing {url} has {found} articles, expected {fewest} to {expect.most}: layout changed? "
                    f"Look at the page, then at the selectors of layout {self._run.site.layout!r}."
                )
            )


def _cut(url: str) -> str:
    return url if len(url) <= LONGEST_URL else f"{url[:LONGEST_URL]}..."
