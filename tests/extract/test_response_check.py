"""Responses that are no page of the requested article, and pages that only send readers elsewhere."""

import asyncio
import pickle
from collections.abc import Iterator

import pytest

from pressmark.errors import Rejected
from pressmark.extract.article_reader import WrongPage, read_article
from pressmark.extract.page_messages import FetchedPage, ReadPage
from pressmark.extract.page_reader import PageReader
from pressmark.extract.response_check import wrong_page_reason
from pressmark.local.newsroom.site_file import newsroom_site
from pressmark.spiders.pages.chinadaily.article import ChinaDailyArticlePage

SITE = newsroom_site()
ARTICLE_ID = "WS620eee0ba310cdd1c5c1d2a3"
URL = f"http://127.0.0.1:8765/a/202202/18/{ARTICLE_ID}.html"


@pytest.fixture(scope="module")
def reader() -> Iterator[PageReader]:
    with PageReader(SITE) as started:
        yield started


def response(body: bytes = b"<p>", status: int = 200, url: str = URL) -> FetchedPage:
    return FetchedPage(url=url, body=body, status=status)


@pytest.mark.parametrize(
    ("came", "reason"),
    [
        (response(), None),
        (response(url=f"{URL}?from=rss"), None),
        (response(url=URL.replace(".html", "_1.html")), None),
        (response(status=206), "partial"),
        (response(status=204), "http-204"),
        (response(b""), "empty"),
        (response(b"\xef\xbb\xbf \r\n"), "empty"),
        (response(url=URL.replace("d2a3", "d2a4")), "moved"),
        (response(url=URL.replace(".html", "_2.html")), "moved"),
        (response(url="http://127.0.0.1:8765/"), "moved"),
        (response(b"", 206, "http://127.0.0.1:8765/"), "moved"),
    ],
)
def test_a_wrong_page_has_a_reason(came: FetchedPage, reason: str | None) -> None:
    why = wrong_page_reason(SITE, ARTICLE_ID, came)
    assert (why and why[0]) == reason


@pytest.mark.parametrize(
    ("meta", "leads_away"),
    [
        ('<META HTTP-EQUIV="Refresh" CONTENT="0; URL=/elsewhere">', True),
        ("<meta http-equiv=refresh content=\"3;url='http://127.0.0.1:8765/x'\">", True),
        ('<meta http-equiv=" refresh " content="0,/elsewhere">', True),
        ('<meta http-equiv=refresh content="0 /elsewhere">', True),
        ('<meta http-equiv=refresh content="600">', False),
        (f'<meta http-equiv=refresh content="600;url={URL}?again">', False),
        ('<meta http-equiv=refresh content="0;url=javascript:x">', False),
        ('<meta http-equiv=refresh content="">', False),
        ("<meta http-equiv=refresh content='0;url=http://[::1'>", False),
        ('<meta http-equiv=refresh content="' + " " * 100_000 + '">', False),
        ('<meta http-equiv=refresh content="0;url=' + "=" * 100_000 + '">', True),
    ],
)
def test_a_page_with_only_a_refresh_is_rejected_as_one(reader: PageReader, meta: str, leads_away: bool) -> None:
    came = response(f"<html><head>{meta}</head></html>".encode())

    async def fetch(url: str) -> FetchedPage:
        raise AssertionError(url)

    async def read(page: FetchedPage) -> ReadPage:
        return reader.article_page(ChinaDailyArticlePage, page)

    with pytest.raises(Rejected) as caught:
        asyncio.run(read_article(read, SITE, ARTICLE_ID, came, fetch))
    assert caught.value.reason == ("meta-refresh" if leads_away else "id-mismatch")


def test_it_can_be_pickled() -> None:
    error = pickle.loads(pickle.dumps(WrongPage("moved", "away \x1b[2J")))
    assert (error.reason, str(error)) == ("moved", "away \\x1b[2J")
