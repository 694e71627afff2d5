"""Pages that are work without bounds, made of a harmless article page, and what must become of each."""

import json
import re
from collections.abc import Callable

import attrs

PUBLISHED = ("published", None)
TOO_LARGE = ("rejected", "too-large")


@attrs.frozen
class Bomb:
    """What becomes of a page's HTML, as what it is served, and the outcome and reason of its article."""

    made: Callable[[str], bytes]
    outcome: tuple[str, str | None] = PUBLISHED
    content_type: str = "text/html; charset=utf-8"


def in_content(markup: str) -> Callable[[str], bytes]:
    return lambda html: html.replace('<div id="Content">', f'<div id="Content">{markup}').encode()


def in_head(markup: str) -> Callable[[str], bytes]:
    return lambda html: html.replace("</head>", f"{markup}</head>").encode()


def pager(number: str) -> Callable[[str], bytes]:
    def made(html: str) -> bytes:
        found = re.search(r'name="contentid" content="(WS[0-9a-f]{24})"', html)
        assert found
        return in_content(f'<div id="div_currpage"><a href="{found[1]}_{number}.html">last</a></div>')(html)

    return made


def as_json(html: str) -> bytes:
    return json.dumps({"html": html}).encode()


MANY = " ".join(f"a{number}=1" for number in range(300_000))
BOMBS = {
    "srcset-commas": Bomb(in_content(f'<img srcset="{"," * 4000}">')),
    "srcset-letters": Bomb(in_content(f'<img srcset="{"a," * 2000} x">')),
    "srcset-brackets": Bomb(in_content(f'<img srcset="{"a (," * 50_000}">')),
    "srcset-digits": Bomb(in_content(f'<img srcset="a {"1" * 300_000}_x">')),
    "srcset-of-one": Bomb(in_content(f'<img srcset="{"a, " * 2_600_000}">')),
    "pager-of-45000": Bomb(
        in_content(f'<div id="div_currpage">{"".join(f"<a href={number}>" for number in range(45_000))}</div>'),
        TOO_LARGE,
    ),
    "pager-200000": Bomb(pager("200000"), TOO_LARGE),
    "pager-20000000": Bomb(pager("20000000")),  # No address of an article's page: `Site.article_match`.
    "pager-5000-digits": Bomb(pager("9" * 5000)),
    "attributes-of-a-tag": Bomb(in_content(f"<p {MANY}>x</p>"), TOO_LARGE),
    "attributes-of-many-tags": Bomb(in_content('<p a="1" b=2 c d e f g h i j>x</p>' * 20_000), TOO_LARGE),
    "56-MB": Bomb(in_content("<p>a</p>" * 7_000_000), TOO_LARGE),
    "7-MB": Bomb(in_content("<p>a</p>" * 875_000), TOO_LARGE),
    "brackets-in-a-style": Bomb(in_head(f"<style>{'(' * 5000}</style>")),
    "brackets-in-an-attribute": Bomb(in_content(f'<p style="{"[" * 5000}">x</p>')),
    "nested-media": Bomb(in_head(f"<style>{'@media{' * 100_000}</style>")),
    "nested-elements": Bomb(in_content("<div>" * 2000), TOO_LARGE),
    "json": Bomb(as_json, ("rejected", "not-html"), "application/json"),
    "json-as-html": Bomb(as_json, ("rejected", "id-mismatch")),
    "comments": Bomb(in_content("<!---->x" * 40_000)),
    "pictures": Bomb(in_content("<img src=1.png>" * 10_000), TOO_LARGE),
}
STYLES = {
    "too-large": "a{b:url(/1.png)}" * 900_000,
    "nested-media": "@media{" * 100_000,
    "brackets": "(" * 300_000,
}
