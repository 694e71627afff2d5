"""Listing pages read without a crawl: each part that the class needs is built alone."""

import asyncio
from collections.abc import Iterator

import pytest
from scrapy.http import HtmlResponse, Request
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from pressmark.crawl.state.listing_progress import ListingProgress
from pressmark.crawl.state.run import Run, RunStatus
from pressmark.errors import CrawlRefused, LayoutChanged, RunFailed
from pressmark.extract.page_reader import PageReader
from pressmark.sites.scope import Scope, ScopeKind
from pressmark.spiders.listing_pages import ListingPages
from tests.support.saved_pages import SITE

URL = "http://news.example/world/europe"
REGULAR, BACKFILL = Scope(), Scope(kind=ScopeKind.BACKFILL, pages=4)


@pytest.fixture(scope="module")
def reader() -> Iterator[PageReader]:
    with PageReader(SITE) as started:
        yield started


def listing_pages(reader: PageReader, scope: Scope) -> tuple[ListingPages, RunStatus, ListingProgress]:
    status, progress = RunStatus(), ListingProgress()
    run = Run.new(SITE, "world/europe", scope=scope)
    return ListingPages(run, status, progress, reader), status, progress


@pytest.mark.parametrize(
    ("body", "error"), [(b" ", RunFailed), (b"<html><body><p>No links.</body></html>", LayoutChanged)]
)
def test_a_page_without_articles_fails_the_run(reader: PageReader, body: bytes, error: type[Exception]) -> None:
    pages, status, _ = listing_pages(reader, REGULAR)
    asyncio.run(pages.read(HtmlResponse(URL, body=body), 1))
    assert type(status.failure) is error


@pytest.mark.parametrize(
    ("scope", "status_code", "number", "error", "is_past_end"),
    [
        (REGULAR, 403, 1, CrawlRefused, False),
        (REGULAR, 404, 2, RunFailed, False),
        (BACKFILL, 404, 1, RunFailed, False),
        (BACKFILL, 404, 2, None, True),
    ],
)
def test_a_page_that_cannot_be_fetched(
    reader: PageReader, scope: Scope, status_code: int, number: int, error: type[Exception] | None, is_past_end: bool
) -> None:
    pages, status, progress = listing_pages(reader, scope)
    request = Request(URL, cb_kwargs={"number": number})
    failure = Failure(HttpError(HtmlResponse(URL, status=status_code, request=request)))
    failure.request = request  # type: ignore[attr-defined]  # As Scrapy does.
    pages.failed(failure)
    assert type(status.failure) is (error or type(None))
    assert progress.is_past_end is is_past_end
