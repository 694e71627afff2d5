"""The requisites of one article: fetched one after the other, after all articles, within limits."""

import logging
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator

from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from pressmark.crawl.scrapy.content_decoding import CONTENT_LIMIT, fetched_page
from pressmark.crawl.scrapy.download_errors import UnreadableContent
from pressmark.crawl.scrapy.recording_handler import ONLY_READ, RECEIPT
from pressmark.crawl.state.requisites import Requisites
from pressmark.errors import ReadingFailed, Rejected
from pressmark.extract.page_reader import PageReader
from pressmark.sites.site import Site

LAST = -1000
"""Priority: after all articles and listings."""
STYLESHEET = "text/css"
"""The only type of requisite that links to others; the bodies of all others are archived only."""

logger = logging.getLogger(__name__)


class PageRequisites:
    """Fetches what the pages of one article need for replay; failures are counted and have no other effect."""

    def __init__(self, site: Site, requisites: Requisites, reader: PageReader) -> None:
        self._site, self._requisites, self._reader = site, requisites, reader
        self._waiting: deque[tuple[str, str]] = deque()
        """URLs, each with that of its page: many wait, and Request objects would take ten times the memory."""
        self._number = site.requisites.number
        self._size = site.requisites.size

    def add(self, urls: Iterable[str], via: str) -> None:
        """Add the requisites of a page or stylesheet, up to the limit; the rest is counted.

        Args:
            urls: absolute.
            via: the URL of the page or stylesheet.
        """
        if not self._number:
            return
        for url in urls:
            try:
                asked = Request(url).url
                wanted = self._requisites.claim(asked)
            except ValueError as error:
                logger.debug("no requisite: %s: %s", url, error)
                continue
            if wanted and len(self._waiting) < self._number:
                self._waiting.append((asked, via))
            elif wanted:
                self._requisites.leave_out([asked])

    def next(self) -> Iterator[Request]:
        """Request the next one, if the limits allow it."""
        if self._waiting and self._number > 0 and self._size > 0:
            self._number -= 1
            request = self._request(*self._waiting.popleft())
            request.meta["download_maxsize"] = self._size
            yield request
        elif self._waiting:
            self._requisites.leave_out([url for url, _ in self._waiting])
            self._waiting.clear()

    async def on_captured(self, response: Response) -> AsyncIterator[Request]:
        """Count a captured one, add those that a stylesheet links to, and request the next."""
        self._requisites.count_captured()
        assert response.request
        self._spend(response.request)
        try:
            await self._search(response)
        except (ReadingFailed, Rejected) as error:
            self._count_unread(str(error))
        except Exception as error:  # noqa: BLE001 - a requisite never fails a run
            self._count_unread(f"{response.url}: {type(error).__name__}: {error}")
        for request in self.next():
            yield request

    def on_failed(self, failure: Failure) -> Iterator[Request]:
        """Count a failed one, and request the next; one that can't be decoded was captured."""
        if isinstance(failure.value, UnreadableContent):
            self._requisites.count_captured()
            self._count_unread(str(failure.value))
        else:
            self._requisites.count_failed()
        self._spend(failure.request)  # type: ignore[attr-defined]  # Scrapy adds it
        yield from self.next()

    async def _search(self, response: Response) -> None:
        page = fetched_page(response)
        if page.content_type == STYLESHEET:
            self.add(await self._reader.run_in_thread(self._reader.stylesheet, page), via=page.url)

    def _count_unread(self, reason: str) -> None:
        self._requisites.count_unread()
        logger.warning("captured, but not searched for more requisites: %s", reason)

    def _spend(self, request: Request) -> None:
        if receipt := request.meta.get(RECEIPT):
            self._size -= receipt.size

    def _request(self, url: str, via: str) -> Request:
        return Request(
            url,
            self.on_captured,
            errback=self.on_failed,
            headers={"Referer": via, "Accept": "*/*"},
            priority=LAST,
            meta={"dont_retry": True, ONLY_READ: STYLESHEET, CONTENT_LIMIT: self._site.bounds.requisite},
        )
