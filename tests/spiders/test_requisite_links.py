"""Where pages and stylesheets name what they need."""

import pytest
from scrapy.http import HtmlResponse, Response, TextResponse

from spiders.requisite_links import requisites_of

BASE = "https://news.example/a/page.html"


def in_page(markup: str) -> list[str]:
    headers = {"Content-Type": "text/html; charset=utf-8"}
    return requisites_of(HtmlResponse(BASE, body=markup.encode(), headers=headers))


def in_style(style: str) -> list[str]:
    headers = {"Content-Type": "text/css"}
    return requisites_of(TextResponse("https://news.example/css/a.css", body=style.encode(), headers=headers))


@pytest.mark.parametrize(
    ("markup", "paths"),
    [
        ('<link rel="stylesheet" href="/a.css">', ["/a.css"]),
        ('<link rel="Shortcut icon" href="/a.ico"><link rel="next" href="/2.html">', ["/a.ico"]),
        ('<script src="b.js"></script><script>var a = "c.js"</script>', ["/a/b.js"]),
        ('<img src="1.png" srcset="1.png 1x, /2.png 2x,3.png 640w">', ["/a/1.png", "/2.png", "/a/3.png"]),
        ('<picture><source srcset="/w.webp 320w"><img src="/p.png"></picture>', ["/p.png", "/w.webp"]),
        ('<video poster="/v.jpg" src="/v.mp4"></video>', ["/v.jpg"]),
        ("<p style=\"background: url('/b.png')\">", ["/b.png"]),
        ("<style>@font-face { src: url(/f.woff2) format('woff2') }</style>", ["/f.woff2"]),
        ('<base href="/base/"><img src="1.png">', ["/base/1.png"]),
        ('<img src="/1.png#top"><img src=" /1.png ">', ["/1.png"]),
        ('<img src=""><img src="data:image/png;base64,AA"><a href="/x.html">x</a>', []),
        ('<img src="http://[broken/1.png"><img src="/ok.png">', ["/ok.png"]),
        ('<img src="/ä b.png">', ["/%C3%A4%20b.png"]),
    ],
)
def test_a_page(markup: str, paths: list[str]) -> None:
    assert in_page(markup) == [f"https://news.example{path}" for path in paths]


def test_other_hosts_are_named_too() -> None:
    assert in_page('<img src="//img.example/1.png">') == ["https://img.example/1.png"]


@pytest.mark.parametrize(
    ("style", "paths"),
    [
        ('@import "b.css"; @import url(c.css) screen;', ["/css/b.css", "/css/c.css"]),
        ("body { background: url(/1.png), url( '/2.png' ) }", ["/1.png", "/2.png"]),
        ("@media print { .a { background: url(/3.png) } }", ["/3.png"]),
        ('@font-face { src: url("f.woff2") format("woff2"), url(f.woff) }', ["/css/f.woff2", "/css/f.woff"]),
        ("/* url(/no.png) */ .a { content: 'url(/no.png)' }", []),
        (".a { background: image-set(url(/1x.png) 1x, url(/2x.png) 2x) }", ["/1x.png", "/2x.png"]),
        ("} broken { url(", []),
    ],
)
def test_a_stylesheet(style: str, paths: list[str]) -> None:
    assert in_style(style) == [f"https://news.example{path}" for path in paths]


def test_a_picture_needs_nothing() -> None:
    assert requisites_of(Response("https://news.example/1.png", headers={"Content-Type": "image/png"})) == []
