"""The pages of articles without a crawl: the bucket and the archivist are stand-ins."""

import asyncio
import logging
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest
from scrapy import Request
from scrapy.http import HtmlResponse, Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from pressmark.crawl.scrapy.recording_handler import OWN_CONNECTION, RECEIPT
from pressmark.crawl.state.requisites import Requisites
from pressmark.crawl.state.revisits import Revisits
from pressmark.extract.listing import Entry
from pressmark.model.outcomes import Outcomes
from pressmark.spiders.article_pages import ArticlePages
from tests.support.samples import ARTICLE_ID
from tests.support.saved_pages import SITE

URL = f"http://news.example/a/202202/18/{ARTICLE_ID}.html"
ENTRY = Entry(article_id=ARTICLE_ID, url=URL, printed_day="202202/18")


@attrs.define
class Ledger:
    """Knows one version of the article, or none."""

    last: str | None

    def last_version(self, day: str, article_id: str) -> str | None:
        return self.last


@attrs.define
class Stager:
    """Notes withdrawals."""

    withdrawn: list[str] = attrs.field(factory=list)

    def withdraw(self, article_id: str, *_: object) -> bool:
        self.withdrawn.append(article_id)
        return True


def pages_of(ledger: Any, stager: Any, requests: list[Request]) -> ArticlePages:
    async def download(request: Request) -> Response:
        requests.append(request)
        request.meta[RECEIPT] = None
        return HtmlResponse(request.url, status=404, request=request)

    reader: Any = None  # No page is read.
    logger = logging.LoggerAdapter(logging.getLogger("section"))
    outcomes = Outcomes()
    outcomes.see(ARTICLE_ID, URL)
    return ArticlePages(
        site=SITE,
        outcomes=outcomes,
        ledger=ledger,
        revisits=Revisits(SITE.recheck, {}, datetime.now(UTC), unconditional=False),
        requisites=Requisites(SITE, set()),
        stager=stager,
        reader=reader,
        download=download,
        logger=logger,
    )


async def fail(pages: ArticlePages, status: int) -> list[Any]:
    request = pages.request(ENTRY)
    failure = Failure(HttpError(HtmlResponse(URL, status=status, request=request)))
    failure.request = request  # type: ignore[attr-defined]  # As Scrapy does.
    return [each async for each in pages.failed(failure)]


@pytest.mark.parametrize("status", [404, 500])
def test_an_unknown_article_that_cannot_be_fetched_has_failed(status: int) -> None:
    requests: list[Request] = []
    pages = pages_of(Ledger(None), Stager(), requests)
    assert asyncio.run(fail(pages, status)) == requests == []
    assert [(each["outcome"], each["reason"]) for each in pages.outcomes] == [("failed", f"http-{status}")]


def test_a_known_article_is_fetched_again_before_it_is_withdrawn() -> None:
    requests: list[Request] = []
    stager = Stager()
    pages = pages_of(Ledger(f"{ARTICLE_ID}/20220218T005300Z"), stager, requests)
    assert asyncio.run(fail(pages, 404)) == []
    assert [(each.url, each.meta[OWN_CONNECTION]) for each in requests] == [(URL, True)]
    assert stager.withdrawn == [ARTICLE_ID]
