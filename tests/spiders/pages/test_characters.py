"""Encodings, odd characters and addresses of a page, as the page objects read them."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy.http import Response
from web_poet import HttpResponse, HttpResponseHeaders

from pressmark.crawl.scrapy.content_decoding import fetched_page
from pressmark.extract.layouts import page_response
from pressmark.local.newsroom.site_file import newsroom_site
from pressmark.model.article import Article
from pressmark.model.document import content_sha256, draft, to_bytes, validate
from pressmark.pipelines.normalize import normalize
from pressmark.spiders.pages.chinadaily.article import ChinaDailyArticlePage

SITE = newsroom_site()
ARTICLE_ID = "WS620eee0ba310cdd1c5c1d2a3"
OTHER = "WS620eee0ba310cdd1c5c1d2a4"
UTF_8 = "text/html; charset=utf-8"
UNKNOWN = "text/html; charset=unicode_escape"
URL = f"http://127.0.0.1/a/202202/18/{ARTICLE_ID}.html"


def _page(response: Response) -> HttpResponse:
    """Return a response as the crawl gives it to page objects."""
    page = fetched_page(response)
    return page_response(page.url, page.body, page.status, HttpResponseHeaders(page.headers))


def html(headline: str = "Lamps lit", body: str = "<p>Text.</p>", head: str = "") -> str:
    return f'<meta name="contentid" content="{ARTICLE_ID}">{head}<h1>{headline}</h1><div id=Content>{body}</div>'


def read(page: bytes | str, content_type: str = "text/html", url: str = URL) -> Article:
    body = page.encode() if isinstance(page, str) else page
    response = page_response(url, body, 200, HttpResponseHeaders({"Content-Type": content_type}))
    return asyncio.run(ChinaDailyArticlePage(response, site=SITE).to_item())


@pytest.mark.parametrize(
    ("page", "content_type", "encoding", "replaced", "headline"),
    [
        (html("Łódź").encode(), "text/html; charset=iso-8859-1", "utf-8", False, "Łódź"),
        (html("燈が点る").encode("iso2022_jp"), "text/html; charset=ISO-2022-JP", "iso2022-jp", False, "燈が点る"),
        (html("燈", head="<meta charset=iso-2022-jp>").encode("iso2022_jp"), "text/html", "iso2022-jp", False, "燈"),
        (html("Lamps 你好").encode("utf-16-le"), "text/html; charset=utf-16", "utf-16-le", False, "Lamps 你好"),
        (html("Lamps 你好").encode("utf-16"), "text/html; charset=latin1", "utf-16-le", False, "Lamps 你好"),
        (html("中文", head="<meta charset=x-x-big5>").encode("big5"), "text/html", "big5hkscs", False, "中文"),
        (html("It#s \\u0041").encode().replace(b"#", b"\x92"), UNKNOWN, "windows-1252", False, "It’s \\u0041"),
        (html("It#s").encode().replace(b"#", b"\x92"), "text/html; charset=rot13", "windows-1252", False, "It’s"),
        (
            html("It#s", head="<!-- <meta charset=gbk> --><meta charset='utf-16'>").encode().replace(b"#", b"\x92"),
            "text/html",
            "utf-8",
            True,
            "It\ufffds",
        ),
        (html("It's", head="<meta charset=utf-16>").encode(), "text/html", "utf-8", False, "It's"),
        (html("\ufffd is itself").encode(), "text/html", "utf-8", False, "\ufffd is itself"),
        (html("café").encode("latin-1"), "text/html; charset=iso-8859-1", "windows-1252", False, "café"),
        (html("中文").encode("gb18030"), "text/html; charset=gb2312", "gb18030", False, "中文"),
        (html("caf#").encode().replace(b"#", b"\xe9"), UTF_8, "utf-8", True, "caf\ufffd"),
        (
            html("a#b").encode().replace(b"#", b"\x81"),
            "text/html; charset=windows-1252",
            "windows-1252",
            True,
            "a\ufffdb",
        ),
    ],
)
def test_a_document_says_by_which_encoding_it_was_read(
    page: bytes, content_type: str, encoding: str, replaced: bool, headline: str
) -> None:
    article = read(page, content_type)
    document = draft(article)
    validate(document)
    block = document["pressmark"]
    assert (block["encoding"], block["charactersReplaced"], document["headline"]) == (encoding, replaced, headline)
    bare = Article(
        **{**{each: getattr(article, each) for each in Article.__slots__ if each != "__weakref__"}, "encoding": None}
    )
    assert content_sha256(draft(bare)) == block["contentSha256"], "no part of the content"


def test_an_article_reports_replaced_characters_of_any_page() -> None:
    first, second = read(html()), read(html().encode() + b"\xff", UTF_8, URL.replace(".html", "_2.html"))
    assert first.followed_by(second).characters_replaced
    assert not first.followed_by(first).characters_replaced


@given(st.text(st.characters(categories=None), max_size=40))
def test_any_text_becomes_a_document_that_can_be_written_and_read(text: str) -> None:
    encoded = (
        text.encode("utf-8", "surrogatepass").decode("utf-8", "replace").replace("<", "&lt;").replace("&", "&amp;")
    )
    document = draft(normalize(read(html(f"x{encoded}", f"<p>{encoded} text</p>"))))
    validate(document)
    written = to_bytes(document).decode()
    assert not [each for each in written[:-1] if ord(each) < 32 or 0x7F <= ord(each) < 0xA0]


def test_a_page_keeps_characters_of_the_private_use_area() -> None:
    body = "<p>\ue000 one<br><br>two \ue000\ue001</p>"
    assert read(html("\ue000 first", body)).body == "\ue000 one\n\ntwo \ue000\ue001"


def test_every_character_of_the_private_use_area_at_once_loses_no_word() -> None:
    every = "".join(map(chr, range(0xE000, 0xF900)))
    assert "one" in read(html("x", f"<p>one {every}<br><br>two</p>")).body


CANONICAL = '<link rel="{}" href="{}">'


@pytest.mark.parametrize(
    ("asked", "head", "url"),
    [
        (URL, "", URL),
        (f"{URL}?from=rss", "", URL),
        (f"{URL}?from=rss", CANONICAL.format("canonical", f"{URL}?x=1#top"), URL),
        (
            f"{URL}?from=rss",
            CANONICAL.format("Canonical", f"/a/202202/19/{ARTICLE_ID}.html"),
            URL.replace("/18/", "/19/"),
        ),
        (
            f"{URL}?from=rss",
            CANONICAL.format("alternate CANONICAL", f"/a/202202/19/{ARTICLE_ID}.html"),
            URL.replace("/18/", "/19/"),
        ),
        (
            f"{URL}?from=rss",
            f'<meta property="OG:URL" content="/a/202202/19/{ARTICLE_ID}.html">',
            URL.replace("/18/", "/19/"),
        ),
        (URL, CANONICAL.format("canonical", URL.replace(ARTICLE_ID, OTHER)), URL),
        (URL, CANONICAL.format("canonical", "http://evil.example/a/202202/18/" + ARTICLE_ID + ".html"), URL),
        (URL, CANONICAL.format("canonical", "http://127.0.0.1/world/europe"), URL),
        (URL, CANONICAL.format("canonical", URL.replace(".html", "_2.html")), URL),
        (URL, CANONICAL.format("canonical", URL.replace("http:", "https:")), URL),
        (URL, CANONICAL.format("canonical", "http://[::1"), URL),
    ],
)
def test_the_canonical_address_decides_only_for_the_same_article(asked: str, head: str, url: str) -> None:
    assert read(html(head=head), url=asked).url == url


def test_following_pages_of_an_address_with_a_query_have_their_numbers() -> None:
    pager = f'<div id="div_currpage"><a href="/a/202202/18/{ARTICLE_ID}_3.html">3</a></div>'
    response = page_response(f"{URL}?from=rss", html(body=f"<p>One.</p>{pager}").encode(), 200, HttpResponseHeaders())
    following = ChinaDailyArticlePage(response, site=SITE).following()
    assert following == [URL.replace(".html", f"_{number}.html") for number in (2, 3)]


@pytest.mark.parametrize("base", ["http://[", "http://a:99999999/", "//[::1", "http://x]/", "\x00:"])
def test_an_invalid_base_is_ignored(base: str) -> None:
    article = read(html(head=f'<base href="{base}">', body='<p>Text.</p><img src="/1.png">'))
    assert article.body == "Text."


@given(st.binary(max_size=30), st.binary(min_size=1, max_size=30))
def test_a_header_may_have_any_bytes(name: bytes, value: bytes) -> None:
    headers = {b"Content-Type": [b"text/html; charset=gb2312"], b"X-" + name: [value, b"\xe9"]}
    response = Response(URL, headers=headers, body=html("中文").encode("gb18030"))
    assert _page(response).encoding == "gb18030"
