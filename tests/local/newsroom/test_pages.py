"""The pages against the truth: an independent reading of the markup finds what the story says."""

import re
from typing import Any

import httpx
import pytest
from parsel import Selector, SelectorList

from pressmark.local.newsroom import MAIN, PER_PAGE, SECTIONS, Kind, Newsroom, Standfirst, Story
from pressmark.local.newsroom.http.pages import Pages
from pressmark.local.newsroom.http.server_thread import RunningNewsroom

HOST = "127.0.0.1:8765"


def plain(found: Selector | SelectorList[Any]) -> str:
    return " ".join("".join(found.xpath(".//text()").getall()).split())


def page_of(newsroom: Newsroom, index: int, page: int = 1) -> tuple[Story, Selector]:
    story, html = Pages(newsroom).article(newsroom.article_id(index), page, HOST)
    return story, Selector(html)


def meta(page: Selector, name: str) -> str | None:
    return page.xpath("//meta[@name=$name or @property=$name]/@content", name=name).get()


@pytest.fixture(scope="module")
def still() -> Newsroom:
    return Newsroom()


@pytest.mark.parametrize("index", range(60))
def test_article_pages_say_what_the_story_says(still: Newsroom, index: int) -> None:
    story, page = page_of(still, index)
    assert plain(page.css("h1")) == story.headline
    assert meta(page, "og:title") == story.headline
    assert plain(page.css("span.info_l")) == story.byline_raw
    assert meta(page, "contentid") == story.article_id
    assert meta(page, "publishdate") == f"{story.created_at:%Y-%m-%d}"
    assert meta(page, "pagetype") == "1"
    assert meta(page, "keywords") == ",".join(story.keywords)
    assert meta(page, "source") == (story.source_organization or "")
    assert meta(page, "og:url") == f"http://{HOST}{story.path}"
    assert plain(page.css("#bread-nav")) == "Home / World / Europe"
    assert page.css("ol#bread-nav1")
    if story.kind in (Kind.GALLERY, Kind.VIDEO):
        assert not page.css("#Content")
        return
    texts = [text for text in map(plain, page.css("#Content > p")) if text]
    expected = list(story.paragraphs)
    if story.standfirst_style is Standfirst.BOLD:
        expected.insert(0, story.standfirst or "")
    if story.contributor_line:
        expected.append(story.contributor_line)
    assert texts == expected
    if story.standfirst_style is Standfirst.HEADING:
        assert plain(page.css("h2")) == story.standfirst
    images = page.css("#Content figure.image > img::attr(src)").getall()
    assert images == [f"//{HOST}{picture.path}" for picture in story.images]
    captions = [plain(figure.css("figcaption")) for figure in page.css("figure.image")]
    assert captions == [
        f"{picture.caption or ''}{f' [{picture.credit}]' if picture.credit else ''}" for picture in story.images
    ]
    tables = [
        tuple(tuple(plain(cell) for cell in row.css("td")) for row in table.css("tr"))
        for table in page.css("#Content table")
    ]
    assert tuple(tables) == story.tables


def test_oddities_of_the_markup(still: Newsroom) -> None:
    html = "".join(Pages(still).article(still.article_id(index), 1, HOST)[1] for index in range(20))
    for odd in (
        "&nbsp;",
        "\u00a0",
        "&mdash;",
        "&rdquo;",
        "—",
        "“",
        "é",
        "&amp;",
        "<EM>",
        "\u3000",
        "srcset=",
        "<iframe",
    ):
        assert odd in html
    for chrome in ("Global Edition", "ASIA", "中文", "双语", "Français", "Share - WeChat", "BACK TO THE TOP", "Top<"):
        assert chrome in html
    for chrome in ("Most Viewed in 24 Hours", "Copyright", "License", "Registration Number"):
        assert chrome in html


def test_following_pages(still: Newsroom) -> None:
    first, page = page_of(still, 3)
    links = page.css("#Content #div_currpage a::attr(href)").getall()
    second_path = first.path.replace(".html", "_2.html")
    assert f"//{HOST}{second_path}" in links
    second, following = page_of(still, 3, 2)
    assert second.path == second_path
    assert plain(following.css("h1")) == first.headline
    assert meta(following, "contentid") == first.article_id
    assert not set(first.paragraphs) & set(second.paragraphs)
    assert [text for text in map(plain, following.css("#Content > p")) if text][: len(second.paragraphs)] == list(
        second.paragraphs
    )


def walk(client: httpx.Client, section: str) -> list[tuple[str, Selector]]:
    """Return all listing pages, found the way a reader does: by their Next link."""
    pages, path = [], f"/{section}"
    while path:
        page = Selector(client.get(path).raise_for_status().text)
        pages.append((path, page))
        following = page.xpath("//a[@class='pagestyle'][text()='Next']/@href").get()
        path = following.partition(client.base_url.netloc.decode())[2] if following else ""
    return pages


@pytest.fixture(scope="module")
def quiet() -> Any:
    with RunningNewsroom(Newsroom(articles=65)) as running:
        yield running


@pytest.mark.parametrize("section", SECTIONS)
def test_pagination_covers_every_article_once(quiet: RunningNewsroom, section: str) -> None:
    with httpx.Client(base_url=quiet.url) as client:
        pages = walk(client, section)
    newsroom = quiet.newsroom
    assert len(pages) == -(-newsroom.count(section) // PER_PAGE)
    last = pages[-1][0]
    own, found, features, elsewhere = set(newsroom.ids(section)), [], 0, set()
    for number, (_, page) in enumerate(pages, 1):
        assert plain(page.css("span.pageno")) == f"{number}/{len(pages)}"
        assert meta(page, "pagetype") == "2"
        if number < len(pages):
            assert page.xpath("//a[text()='>>|']/@href").get() == f"//{quiet.host}{last}"
        for entry in page.css("div.mb10.tw3_01_2"):
            href = entry.css("h4 > a::attr(href)").get() or ""
            assert href.startswith(f"//{quiet.host}/")
            match = re.search(r"WS[0-9a-f]{24}", href)
            if not match:
                features += 1
                continue
            found.append(match[0])
            story = newsroom.story(match[0])
            assert plain(entry.css("span.tw3_01_2_t > b")) == f"{story.created_at:%Y-%m-%d %H:%M}"
            assert plain(entry.css("h4 > a")) == story.headline
        assert set(re.findall(r"WS[0-9a-f]{24}", "".join(page.css("div.tw2").getall()))) <= own
        elsewhere |= set(re.findall(r"WS[0-9a-f]{24}", "".join(page.css("div.mai_r").getall())))
    assert found == list(newsroom.ids(section))
    assert features == (len(pages) + 1) // 2
    assert elsewhere
    assert not elsewhere & own


def test_class_attributes_with_a_trailing_space(still: Newsroom) -> None:
    html = Pages(still).listing(MAIN, 1, HOST)
    assert 'class="mb10 tw3_01_2 "' in html
    assert 'class="mb10 tw3_01_2"' in html
    assert "<EM>" in html


def test_right_column_titles(still: Newsroom) -> None:
    page = Selector(Pages(still).listing(MAIN, 1, HOST))
    titles = [plain(each) for each in page.css("div.mai_r b.lft_b")]
    assert titles == ["Most Viewed in 24 Hours", "Special Coverage", "Newsmakers"]


def test_pages_have_a_real_size(still: Newsroom) -> None:
    pages = Pages(still)
    sizes = [len(pages.article(still.article_id(index), 1, HOST)[1].encode()) for index in range(100)]
    assert min(sizes) > 30_000
    assert max(sizes) < 50_000
    assert 35_000 < len(pages.listing(MAIN, 1, HOST).encode()) < 50_000


def test_a_hundred_thousand_articles() -> None:
    newsroom = Newsroom(articles=100_000)
    pages = Pages(newsroom)
    last = newsroom.section_state().pages
    assert last == 5000
    for page, index in ((1, 99_999), (last, 0)):
        story, html = pages.article(newsroom.article_id(index), 1, HOST)
        assert story.article_id in html
        assert story.path in pages.listing(MAIN, page, HOST)
        assert newsroom.resolve(story.article_id) == (MAIN, index)
    assert story.created_at.year > 2000
    with pytest.raises(LookupError):
        pages.listing(MAIN, last + 1, HOST)
