import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest
from web_poet import HttpResponse

from pressmark.errors import Rejected
from pressmark.extract.layouts import layout_of, page_response
from pressmark.extract.listing import Listing
from pressmark.model.article import Article
from pressmark.spiders.pages.chinadaily.article import ChinaDailyArticlePage
from pressmark.spiders.pages.chinadaily.listing import ChinaDailyListingPage
from tests.support.saved_pages import CASES, SITE, expected, page, read, read_whole, saved, saved_whole

FIELDS = [field.name for field in attrs.fields(Article)]


@pytest.fixture(scope="module")
def articles() -> dict[str, dict[str, Any]]:
    """Each saved article as it is read, all its pages, in JSON's types."""
    found = {}
    for case in CASES:
        plain = attrs.asdict(read_whole(saved_whole(case)))
        found[case] = json.loads(json.dumps(plain, default=datetime.isoformat))
    return found


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("case", CASES)
def test_each_field_of_each_saved_page(articles: dict[str, dict[str, Any]], case: str, field: str) -> None:
    assert articles[case][field] == expected(case)[field]


def test_the_saved_pages_cover_every_field() -> None:
    every = [expected(case) for case in CASES]
    assert set(every[0]) == set(FIELDS)
    never = [field for field in FIELDS if not any(facts[field] for facts in every)]
    assert never == ["characters_replaced", "cut_short"], (
        "test_characters.py and test_hostile_responses.py read such pages"
    )


@pytest.mark.parametrize(
    "chrome", ["Share", "WeChat", "Most Viewed", "BACK TO THE TOP", "中文", "Français", "Copyright"]
)
def test_boilerplate_never_reaches_the_text(articles: dict[str, dict[str, Any]], chrome: str) -> None:
    pages = [saved(case)[1] for case in CASES]
    assert all(chrome in html for html in pages), "the saved pages lack it: the test would prove nothing"
    assert [case for case in CASES if chrome in articles[case]["body"]] == []


def test_a_long_article_names_its_following_pages() -> None:
    url, html = saved("long")
    following = page(url, html).following()
    assert following == [url.replace(".html", f"_{number}.html") for number in range(2, len(following) + 2)]
    assert len(following) == len(saved_whole("long")) - 1 > 0
    assert page(*saved("xinhua")).following() == []


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('name="contentid" content="WS', 'name="contentid" content="XX', "id-mismatch"),
        ("<h1>", "<h1 hidden></h1><div>", "no-headline"),
        ('id="Content"', 'id="Gallery"', "no-body"),
    ],
)
def test_a_page_that_is_no_article_says_why(old: str, new: str, reason: str) -> None:
    url, html = saved("xinhua")
    assert old in html
    with pytest.raises(Rejected) as caught:
        read(url, html.replace(old, new))
    assert caught.value.reason == reason


def test_an_address_that_is_no_article_is_refused() -> None:
    with pytest.raises(Rejected, match="not the address"):
        read("https://news.example/world/europe", saved("xinhua")[1])


def test_without_an_updated_time_the_version_is_that_of_the_creation() -> None:
    url, html = saved("xinhua")
    updated = expected("xinhua")["raw"]["updated"]
    assert f"Updated: {updated}" in html
    article = read(url, html.replace(f"Updated: {updated}", ""))
    assert article.updated_at == article.published_at
    assert article.raw.updated is None


ARTICLE = "//news.example/a/202202/18/WS620eee0ba310cdd1c5c1d2a3.html"
LISTING = f"""
<div class="tw2"><a href="{ARTICLE}"><img></a><h3><a href="{ARTICLE}">Lamps</a></h3></div>
<div class="mb10 tw3_01_2 "><span class="tw3_01_2_t"><h4><a href="{ARTICLE}"><EM>Lamps</EM> lit</a></h4>
 <b>2022-02-18 08:53</b></span></div>
<div class="mb10 tw3_01_2 "><h4><a href=" /a/202202/17/WS620d9c8ba310cdd1c5c1d2a4.html ">Two</a></h4></div>
<div class="mb10 tw3_01_2 "><h4><a href="https://other.example/feature">Feature</a></h4></div>
<div class="mai_r"><div class="tw2"><a href="{ARTICLE.replace("d2a3", "d2aa")}">Other</a></div></div>
<a class="pagestyle" href="//news.example/world/europe/page_2.html">Next</a>
<a class="pagestyle" href="//news.example/world/europe/page_9.html">&gt;&gt;|</a>
"""


def listing(html: str) -> Listing:
    response = HttpResponse(url="https://news.example/world/europe", body=html.encode())
    return asyncio.run(ChinaDailyListingPage(response, site=SITE).to_item())


def test_a_listing_names_its_own_sections_articles_each_once() -> None:
    found = listing(LISTING)
    assert [(entry.article_id, entry.day) for entry in found.entries] == [
        ("WS620eee0ba310cdd1c5c1d2a3", "2022/02/18"),
        ("WS620d9c8ba310cdd1c5c1d2a4", "2022/02/17"),
    ]
    assert found.entries[1].url == "https://news.example/a/202202/17/WS620d9c8ba310cdd1c5c1d2a4.html"
    assert found.elsewhere == ("https://other.example/feature",)
    assert found.next_url == "https://news.example/world/europe/page_2.html"


def test_a_listing_survives_its_links() -> None:
    second = f"{ARTICLE.replace('.html', '_2.html')}"
    found = listing(
        f"""<div class="tw3_01_2"><h4><a href="{second}">page 2</a></h4><h4><a href="{ARTICLE}?from=top">again</a></h4>
        <h4><a href="https://[broken/">x</a></h4>
        <h4><a href=" ">x</a></h4><h4><a href="javascript:go()">x</a></h4></div>
        <a class="pagestyle" href="http://[broken">Next</a>"""
    )
    assert [entry.url for entry in found.entries] == [f"https:{ARTICLE}"]
    assert found.elsewhere == ()
    assert found.next_url is None


HEAD = '<meta name="contentid" content="WS620eee0ba310cdd1c5c1d2a3"><h1>Lamps lit</h1>'


def article(markup: str, number: int = 1) -> Article:
    url = f"https:{ARTICLE}" if number == 1 else f"https:{ARTICLE}".replace(".html", f"_{number}.html")
    return read(url, HEAD + markup)


def test_the_headline_is_the_first_h1_with_text() -> None:
    assert read(f"https:{ARTICLE}", f"<h1><img></h1>{HEAD}<div id=Content><p>Text.</p></div>").headline == "Lamps lit"


def test_with_an_h2_a_bold_first_paragraph_is_text() -> None:
    found = article("<h2>Below</h2><div id=Content><p><b>In short.</b></p><p>Text.</p></div>")
    assert (found.standfirst, found.body) == ("Below", "In short.\n\nText.")


def test_an_h2_after_the_text_is_no_standfirst() -> None:
    found = article("<div id=Content><p>Text.</p></div><h2>Most read</h2>")
    assert (found.standfirst, found.body) == (None, "Text.")


def test_a_following_page_has_no_standfirst() -> None:
    found = article("<h2>Below</h2><div id=Content><p><b>In short.</b></p><p>Text.</p></div>", number=2)
    assert (found.standfirst, found.body) == (None, "In short.\n\nText.")


def test_a_following_page_may_hold_pictures_alone() -> None:
    found = article("<div id=Content><img src='/1.jpeg'></div>", number=2)
    assert (found.body, [image.url for image in found.images]) == ("", ["https://news.example/1.jpeg"])
    with pytest.raises(Rejected, match="no text"):
        article("<div id=Content><img src='/1.jpeg'></div>")


def test_pictures_are_those_of_the_story() -> None:
    found = article(
        "<div id=Content><p>Text.</p><img src=''><img src='data:image/gif;base64,AA'><img src='http://[broken'>"
        "<div class=art_share><img src='/share.png'></div><noscript><img src='/pixel.gif'></noscript>"
        "<img src=' /ä b.jpeg '></div>"
    )
    assert [image.url for image in found.images] == ["https://news.example/%C3%A4%20b.jpeg"]


@pytest.mark.parametrize(
    ("text", "caption", "credit"),
    [
        ("A lamp. [Photo/Agencies]", "A lamp.", "Photo/Agencies"),
        ("A lamp. (Photo by Jane Doe)", "A lamp.", "Photo by Jane Doe"),
        ("Two ministers, one of them new (right)", "Two ministers, one of them new (right)", None),
        ("[AFP]", None, "AFP"),
    ],
)
def test_a_caption_and_its_credit(text: str, caption: str | None, credit: str | None) -> None:
    figure = f"<figure><img src=/1.jpeg><figcaption>{text}</figcaption></figure>"
    [image] = article(f"<div id=Content><p>Text.</p>{figure}</div>").images
    assert (image.caption, image.credit) == (caption, credit)


@pytest.mark.parametrize("line", ["License plates were checked.", "Copyright law was changed in 2019."])
def test_a_paragraph_that_begins_like_boilerplate_is_text(line: str) -> None:
    assert article(f"<div id=Content><p>Text.</p><p>{line}</p></div>").body.endswith(line)


def test_an_updated_time_that_cannot_be_read_is_no_version() -> None:
    with pytest.raises(Rejected) as caught:
        article("<span class=info_l>China Daily | Updated: Feb 18</span><div id=Content><p>Text.</p></div>")
    assert caught.value.reason == "unreadable-updated"


def test_the_last_listing_page_has_no_next() -> None:
    assert listing(LISTING.replace(">Next<", ">Prev<")).next_url is None


@pytest.mark.parametrize(
    ("body", "charset", "text"),
    [
        ("Zürich 中文".encode(), "iso-8859-1", "Zürich 中文"),
        ("Zürich".encode("latin-1"), "iso-8859-1", "Zürich"),
        ("中文".encode("gb18030"), "gb2312", "中文"),
    ],
)
def test_text_is_read_in_the_charset_it_is_in(body: bytes, charset: str, text: str) -> None:
    response = page_response("https://news.example/", body, 200, {"Content-Type": f"text/html; charset={charset}"})
    assert response.text == text


def test_the_layout_is_that_of_the_day_of_the_capture() -> None:
    assert layout_of(SITE).article_page(datetime(2022, 2, 18, tzinfo=UTC)) is ChinaDailyArticlePage
