"""Where a page or a stylesheet names what it needs to be shown: stylesheets, scripts, images, fonts."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import tinycss2
from parsel import Selector
from scrapy.http import Response, TextResponse
from w3lib.html import get_base_url

from spiders.addresses import absolute

SOURCES = (
    "link[rel~=stylesheet]::attr(href), link[rel~=icon]::attr(href), script::attr(src), img::attr(src),"
    " input[type=image]::attr(src), video::attr(poster), source::attr(src), body::attr(background)"
)
SOURCE_SETS = "img::attr(srcset), source::attr(srcset)"
STYLES = "style::text, [style]::attr(style)"
_CANDIDATE = re.compile(r"[\s,]*(\S*[^\s,])(?:\s+[\d.]+[wx])?\s*(?:,|$)")
"""An image candidate of a srcset (HTML standard, 4.8.4.2.1)."""


def requisites_of(response: Response) -> list[str]:
    """Return the absolute URLs that a page or stylesheet needs, each once, in their order."""
    kind = (response.headers.get("Content-Type") or b"").decode("latin-1").partition(";")[0].strip().lower()
    if kind == "text/css":
        found, base = _in_css(response.body), response.url
    elif isinstance(response, TextResponse):
        found, base = _in_html(response.selector), get_base_url(response.text[:4096], response.url)
    else:
        return []
    urls = filter(None, (absolute(base, each) for each in found))
    return list(dict.fromkeys(url.partition("#")[0] for url in urls))


def _in_html(page: Selector) -> Iterator[str]:
    yield from page.css(SOURCES).getall()
    for candidates in page.css(SOURCE_SETS).getall():
        yield from _CANDIDATE.findall(candidates)
    for style in page.css(STYLES).getall():
        yield from _in_css(style.encode())


def _in_css(style: bytes) -> Iterator[str]:
    rules, _ = tinycss2.parse_stylesheet_bytes(style)
    yield from _urls(rules)
    if not any(rule.type in {"qualified-rule", "at-rule"} for rule in rules):  # What a style attribute holds.
        yield from _urls(tinycss2.parse_component_value_list(style.decode(errors="replace")))


def _urls(nodes: Iterable[Any]) -> Iterator[str]:
    for node in nodes:
        match node.type:
            case "url":
                yield node.value
            case "function" if node.lower_name == "url":
                yield from (each.value for each in node.arguments if each.type == "string")
            case "at-rule" if node.lower_at_keyword == "import":
                first = next((each for each in node.prelude if each.type == "string"), None)
                yield from [first.value] if first else _urls(node.prelude)
            case "at-rule" | "qualified-rule":
                yield from _urls([*node.prelude, *(node.content or ())])
            case "() block" | "[] block" | "{} block":
                yield from _urls(node.content)
            case "function":
                yield from _urls(node.arguments)
