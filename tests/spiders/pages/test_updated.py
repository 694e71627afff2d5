"""Any *Updated* time of a byline gives a version, or a rejection."""

import asyncio
from collections import Counter
from html import escape
from itertools import product

import pytest
from web_poet import HttpResponse

from pressmark.errors import Rejected
from pressmark.local.newsroom.site_file import newsroom_site
from pressmark.model.article import Article
from pressmark.model.document import draft, validate
from pressmark.spiders.pages.chinadaily.article import ChinaDailyArticlePage

SITE = newsroom_site()
ARTICLE_ID = "WS620eee0ba310cdd1c5c1d2a3"
URL = f"http://127.0.0.1/a/202202/18/{ARTICLE_ID}.html"


def read(byline: str) -> Article:
    html = (
        f'<meta name="contentid" content="{ARTICLE_ID}"><h1>Lamps lit</h1>'
        f"<span class=info_l>{escape(byline)}</span><div id=Content><p>Text.</p></div>"
    )
    return asyncio.run(ChinaDailyArticlePage(HttpResponse(url=URL, body=html.encode()), site=SITE).to_item())


DAYS = product(["0000", "0001", "999", "1000", "1869", "2022", "3000", "9999", "２０２２"], [0, 2, 13], [0, 18, 30, 32])
TIMES = ["00:00", "08:53", "23:59:59", "24:00", "08:60", "08:53:60", "8:53", "08:53+08:00", "08:53 GMT", ""]
ODD = ["", " ", "|", "Feb 18", "2022", "yesterday", "\x85", "\u200b", "<b>", "Updated: 2022-02-18 08:53", "1645145580"]


def test_any_printed_time_is_a_version_or_unreadable() -> None:
    outcomes = Counter[str]()
    for printed in [f"{year}-{month:02}-{day:02} {time}" for (year, month, day), time in product(DAYS, TIMES)] + ODD:
        try:
            article = read(f"China Daily | Updated: {printed}")
            validate(draft(article))
        except Rejected as error:
            outcomes[error.reason] += 1
        else:
            outcomes["read"] += 1
            assert article.raw.updated or not printed.strip(), printed
    assert outcomes.keys() == {"read", "unreadable-updated"}, "nor invalid: before 1901, Shanghai's offset has seconds"


@pytest.mark.parametrize("printed", ["2022-02-30 08:53", "0001-01-01 00:00", "2022-13-01 08:53", "2022-02-18 24:61"])
def test_a_time_that_never_was_is_unreadable(printed: str) -> None:
    with pytest.raises(Rejected) as caught:
        read(f"China Daily | Updated: {printed}")
    assert caught.value.reason == "unreadable-updated"


@pytest.mark.parametrize("printed", ["2098-01-01 00:00", "2001-01-01 00:00"])
def test_a_time_that_is_strange_is_taken_as_printed(printed: str) -> None:
    assert f"{read(f'China Daily | Updated: {printed}').updated_at:%Y-%m-%d %H:%M}" == printed
