"""Links to requisites in pages and stylesheets."""

import time

import pytest

from pressmark.extract.html.css_links import urls_of_stylesheet
from pressmark.extract.html.requisite_links import absolute_urls, requisites_of
from pressmark.extract.html.srcset import urls_of_srcset
from tests.support.saved_pages import page

BASE = "https://news.example/a/page.html"
SEVEN = [f"/{number}.png" for number in range(1, 8)]
WRONG = "foo|foo 1x|1x 1x|1w 1w|1w 1x|1x 1w|1h|1h 1h|1x 1h|1w 1h 1x|0w|-1w|1.0w|1e0w|+1w|1W|w|1w 0h|1w -1h|1x 1h 1w"
WRONG += "|-1x|+1x|1X|x|.x|-x|1.x|1e1.5x|1e+x|NaNx|Infinityx|0x1x|1\x01x|\xa01x|\u0661x|\uff11w|1px|2dppx"
"""Descriptors that make a candidate none (HTML standard, 4.8.4.3.9)."""


def in_page(markup: str) -> list[str]:
    read = page(BASE, markup)
    return list(requisites_of(read.selector.root, read.base_url, 100))


def in_style(style: str) -> list[str]:
    return list(absolute_urls(urls_of_stylesheet(style.encode()), "https://news.example/css/a.css", 100))


@pytest.mark.parametrize(
    ("markup", "paths"),
    [
        ('<link rel="stylesheet" href="/a.css">', ["/a.css"]),
        ('<link rel="Shortcut icon" href="/a.ico"><link rel="next" href="/2.html">', ["/a.ico"]),
        ('<script src="b.js"></script><script>var a = "c.js"</script>', ["/a/b.js"]),
        ('<img src="1.png" srcset="1.png 1x, /2.png 2x,3.png 640w">', ["/a/1.png", "/2.png", "/a/3.png"]),
        ('<picture><source srcset="/w.webp 320w"><img src="/p.png"></picture>', ["/p.png", "/w.webp"]),
        ('<video poster="/v.jpg" src="/v.mp4"></video>', ["/v.mp4", "/v.jpg"]),
        ("<p style=\"background: url('/b.png')\">", ["/b.png"]),
        ("<style>@font-face { src: url(/f.woff2) format('woff2') }</style>", ["/f.woff2"]),
        ('<base href="/base/"><img src="1.png">', ["/base/1.png"]),
        ('<img src="/1.png#top"><img src=" /1.png ">', ["/1.png"]),
        ('<img src=""><img src="data:image/png;base64,AA"><a href="/x.html">x</a>', []),
        ('<img src="http://[broken/1.png"><img src="/ok.png">', ["/ok.png"]),
        ('<img src="/0.gif" data-src="/1.png" data-srcset="/2.png 2x">', ["/0.gif", "/1.png", "/2.png"]),
        ('<audio src="/a.mp3"></audio><video><source src="/v.webm"></video>', ["/a.mp3", "/v.webm"]),
        ('<object data="/o.svg"></object>', ["/o.svg"]),
        ('<svg><image href="/1.png"/><image xlink:href="/2.png"></svg>', ["/1.png", "/2.png"]),
        (
            '<LINK REL=" PreLoad " href="/p.woff2" as=font><link rel=Apple-Touch-Icon href=/t.png>',
            ["/p.woff2", "/t.png"],
        ),
        ('<link rel=preload as=image imagesrcset="/1.png 1x, /2.png 2x">', ["/1.png", "/2.png"]),
        ('<link rel=STYLESHEET href="/s.css"><link rel=alternate href="/feed.xml"><link href="/n">', ["/s.css"]),
        ("<p style=\"background: image-set('/1.png' 1x, '/2.png' 2x)\">", ["/1.png", "/2.png"]),
        ('<img src="/ä b.png">', ["/%C3%A4%20b.png"]),
    ],
)
def test_a_page(markup: str, paths: list[str]) -> None:
    assert in_page(markup) == [f"https://news.example{path}" for path in paths]


@pytest.mark.parametrize(
    ("srcset", "urls"),
    [
        ("", []),
        (" , ,,", []),
        ("/1.png", ["/1.png"]),
        (",,/1.png,,, ,/2.png ,", ["/1.png", "/2.png"]),
        ("/1.png,/2.png 2x", ["/1.png,/2.png"]),
        ("/w_1,h_2/1.png 1x, /w_2,h_4/1.png 2x", ["/w_1,h_2/1.png", "/w_2,h_4/1.png"]),
        ("/1.png, /2.png", ["/1.png", "/2.png"]),
        ("\t/1.png\n1x\f,\r/2.png", ["/1.png", "/2.png"]),
        ("/1.png\v1x", ["/1.png\v1x"]),
        ("/1.png 1x (, /2.png 2x, ), /3.png", ["/3.png"]),
        ("/1.png ((, /2.png), /3.png", ["/3.png"]),
        ("/1.png [, /2.png], /3.png", ["/2.png]", "/3.png"]),
        ("/1.png (, /2.png", []),
        ("/1.png, /2.png (", ["/1.png"]),
        ("/1.png, /2.png ()", ["/1.png"]),
        ("/1.png (1x)1x, /2.png 1x(2x)", []),
        ("/1.png f(x, y) 1x, /2.png", ["/2.png"]),
        ("/1.png 1w 1h, /2.png 2h 1w", ["/1.png", "/2.png"]),
        ("/1.png .5x, /2.png 1.5e1x, /3.png 1E-1x, /4.png 0x, /5.png -0x, /6.png -0.0e5x, /7.png 007w", SEVEN),
        *((f"/1.png {wrong}, /2.png 2x", ["/2.png"]) for wrong in WRONG.split("|")),
    ],
)
def test_a_source_set(srcset: str, urls: list[str]) -> None:
    assert list(urls_of_srcset(srcset)) == urls


@pytest.mark.parametrize("descriptor", ["1" * 200_000 + "_x", "1x " * 70_000, "0" * 200_000 + "w", "e" * 200_000 + "x"])
def test_a_long_descriptor_takes_no_time(descriptor: str) -> None:
    began = time.process_time()
    assert list(urls_of_srcset(f"/1.png {descriptor}, /2.png")) == ["/2.png"]
    assert time.process_time() - began < 2


LONG_BASE = f'<base href="/{"a/" * 1990}">'


@pytest.mark.parametrize(
    "markup",
    [
        f'<img srcset="{"a, " * 2_600_000}">',
        f"<style>{'url(a)' * 1_300_000}</style>",
        f'{LONG_BASE}<img srcset="{"a, " * 200_000}">',
        LONG_BASE + '<i style="a:url(x)"></i>' * 23_000,
        f'{LONG_BASE}<img srcset="{", ".join(map(str, range(200_000)))}">',
    ],
    ids=["candidates", "styles", "base and candidates", "base and styles", "base and other candidates"],
)
def test_many_links_take_no_time(markup: str) -> None:
    read = page(BASE, markup)
    base, root = read.base_url, read.selector.root
    began = time.process_time()
    found = requisites_of(root, base, 5000)
    assert time.process_time() - began < 3
    assert 1 <= len(found) <= 5000


def test_later_links_change_nothing() -> None:
    assert in_page('<img src="/1.png">' * 99 + '<img src="/2.png"><img src="/3.png">') == [
        "https://news.example/1.png",
        "https://news.example/2.png",
    ], "each that is printed counts, of 100"


def test_a_base_of_thousands_of_characters_is_ignored() -> None:
    assert in_page(f'{LONG_BASE}<img src="1.png">') == ["https://news.example/a/1.png"]


def test_links_to_other_hosts_are_found() -> None:
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
        (".a { background: -webkit-image-set('/1x.png' 1x, '/2.avif' type('image/avif')) }", ["/1x.png", "/2.avif"]),
        ('@import url("/m.css") print and (color); @IMPORT "/l.css" layer(x);', ["/m.css", "/l.css"]),
        ('@namespace svg url(http://www.w3.org/2000/svg); .a { src: url("/1.png") }', ["/1.png"]),
        ("} broken { url(", []),
    ],
)
def test_a_stylesheet(style: str, paths: list[str]) -> None:
    assert in_style(style) == [f"https://news.example{path}" for path in paths]
