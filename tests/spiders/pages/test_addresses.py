"""Any link of a listing is an entry that the archive can store, or one that leads elsewhere."""

import asyncio
from html import escape

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from web_poet import HttpResponseHeaders

from pressmark.errors import Rejected
from pressmark.extract.layouts import page_response
from pressmark.extract.listing import Listing
from pressmark.extract.urls import absolute_url, as_uri
from pressmark.local.newsroom.site_file import newsroom_site
from pressmark.model import keys
from pressmark.model.article import Image
from pressmark.model.document import draft, validate
from pressmark.sites.site import LONGEST_URL
from pressmark.spiders.pages.chinadaily.listing import ChinaDailyListingPage
from tests.support.samples import article
from tests.support.saved_pages import page

SITE = newsroom_site()
BASE = "http://127.0.0.1:8765/world/europe"
ARTICLE_ID = "WS620eee0ba310cdd1c5c1d2a3"


def test_an_address_is_a_uri_or_none() -> None:
    made = {
        href: absolute_url("http://h/a/", href) for href in ("/50% off.png", "/%u4F60.png?q=100%", "/%41%", "x[1].png")
    }
    assert list(made.values()) == [
        "http://h/50%25%20off.png",
        "http://h/%25u4F60.png?q=100%25",
        "http://h/%41%25",
        "http://h/a/x%5B1%5D.png",
    ]
    assert [absolute_url("http://h/a/", each) for each in ("//a b/x.png", "//h:99999/", "//[::1", "data:,x")] == [
        None
    ] * 4


@given(st.text(st.characters(categories=None), max_size=30) | st.text("%ab4/:[]@?#. \\", max_size=20))
def test_any_address_of_an_article_is_one_that_its_schema_takes(href: str) -> None:
    url = absolute_url("http://127.0.0.1/a/", href)
    if url:
        validate(draft(attrs.evolve(article(), images=(Image(url=url),))))
        assert as_uri(url) == url


HOSTS = st.sampled_from(
    ["", "http://127.0.0.1:8765", "//127.0.0.1:8765", "http://[::1]:8765", "http://[::1", "HTTP://127.0.0.1"]
)
DAYS = st.from_regex(r"[0-9]{4,6}[-/]?[0-9]{2}(/[0-9]{2})?", fullmatch=True) | st.sampled_from(
    ["202202/18", "202213/18", "20000-01"]
)
ENDS = st.text(max_size=20) | st.sampled_from(["", "#top", "?from=rss", "_2", "?" + "x" * 9000, "_" + "9" * 5000])
LINKS = st.builds(lambda host, day, end, tail: f"{host}/a/{day}/{ARTICLE_ID}{end}.html{tail}", HOSTS, DAYS, ENDS, ENDS)


def listing(*hrefs: str) -> Listing:
    html = "".join(f'<div class="tw3_01_2"><h4><a href="{escape(href)}">x</a></h4></div>' for href in hrefs)
    body = html.encode("utf-8", "surrogatepass")
    response = page_response(BASE, body, 200, HttpResponseHeaders({"Content-Type": "text/html; charset=utf-8"}))
    return asyncio.run(ChinaDailyListingPage(response, site=SITE).to_item())


@given(st.lists(LINKS | st.text(st.characters(categories=None), max_size=40), max_size=6))
@example([f"/a/202202/18/{ARTICLE_ID}.html", f"/a/202213/18/{ARTICLE_ID}.html", f"/a/202202/18/{ARTICLE_ID}.html#top"])
def test_any_link_is_an_entry_that_can_be_stored_or_leads_elsewhere(hrefs: list[str]) -> None:
    found = listing(*hrefs)
    for entry in found.entries:
        assert len(entry.url) <= LONGEST_URL
        assert "#" not in entry.url
        key = f"corrections/newsroom/{entry.day}/{entry.article_id}/20220218T011000Z-chinadaily-1.json"
        assert keys.day_of_document(key)
        assert len(key.encode()) < 1024
        assert SITE.article_match(entry.url)
    assert not [url for url in found.elsewhere if SITE.article_match(url)]
    assert len({entry.article_id for entry in found.entries}) == len(found.entries)


def test_one_article_by_several_addresses_is_one_entry() -> None:
    one = f"/a/202202/18/{ARTICLE_ID}.html"
    found = listing(f"{one}?from=rss", one, f"http://127.0.0.1{one}", f"{one}#top")
    assert [entry.article_id for entry in found.entries] == [ARTICLE_ID]


def test_a_pager_is_counted_before_its_links_are_read() -> None:
    links = "".join(f'<a href="{number}.html">' for number in range(5_001))
    with pytest.raises(Rejected, match="5001 links"):
        page(BASE, f'<div id="div_currpage">{links}</div>').following()
    assert page(BASE, f'<div id="div_currpage">{"<a href=1>" * 5_001}</div>').following() == [], "one link"
