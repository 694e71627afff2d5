"""Checks whether a page is small enough to be read, in linear time and before it is parsed."""

import re
from functools import cache
from typing import Any

from lxml import etree

from pressmark.errors import Rejected
from pressmark.extract.page_messages import FetchedPage
from pressmark.sites.site import PageBounds

_OTHER_TYPES = re.compile(
    r"(?:application|text)/json|[\w.+-]+/[\w.+-]+\+json|text/xml|application/xml|[\w.+-]+/(?!xhtml\+)[\w.+-]+\+xml"
    r"|text/(?:css|csv|javascript)|application/(?:javascript|pdf|zip)|(?:image|audio|video|font)/.+"
)
"""Media types that are no HTML page; a page without a type, or with an unknown one, is read as HTML."""
_TAG_BEGINS = re.compile(r"<[A-Za-z/!?]")
_ATTRIBUTE = r"""[\s/]*+[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*+"?|'[^']*+'?|[^\s>"'][^\s>]*+)?+)?+"""
"""An attribute (HTML standard, 13.2.5.32 to 38). All quantifiers are possessive: there is no backtracking."""
_COUNTED = re.compile(_ATTRIBUTE)
_START_TAG = re.compile(rf"<(?:!--|([A-Za-z][^\s/>]*+)(?:{_ATTRIBUTE})*+)")
_RAW_TEXT = frozenset({"script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes"})
"""Elements whose text holds no tags (HTML standard, 13.2.5.1 to 5)."""


def check_size(page: FetchedPage, most: int) -> None:
    """Raise Rejected if a page has more than `most` bytes."""
    if len(page.body) > most:
        raise too_large(page.url, f"{len(page.body)} bytes", most)


def check_is_page(page: FetchedPage) -> None:
    """Raise Rejected if the content type is not HTML."""
    if _OTHER_TYPES.fullmatch(page.content_type):
        raise Rejected("not-html", f"{page.url} is of type {page.content_type[:100]}, not HTML")


def check_markup(url: str, text: str, bounds: PageBounds) -> None:
    """Raise Rejected if a page has more tags or attributes than its site allows."""
    if text.count("<") > bounds.tags and (tags := _count(_TAG_BEGINS, text)) > bounds.tags:
        raise too_large(url, f"{tags} tags", bounds.tags)
    in_all, position = 0, 0
    count_all = len(text) > 2 * bounds.attributes  # Each has at least two characters.
    while tag := _START_TAG.search(text, position):
        position = tag.end()
        if tag[1] is None:
            position = _end_of_mark(text, "-->", position)
            continue
        begin = tag.end(1)
        if count_all or position - begin > 2 * bounds.attributes_of_tag:
            here = _count(_COUNTED, text, begin, position)
            if here > bounds.attributes_of_tag:
                raise too_large(url, f"a tag of {here} attributes", bounds.attributes_of_tag)
            in_all += here
        if (name := tag[1].lower()) in _RAW_TEXT:
            end = _end_of(name).search(text, position)
            position = end.start() if end else len(text)
    if in_all > bounds.attributes:
        raise too_large(url, f"{in_all} attributes", bounds.attributes)


def check_nesting(url: str, root: Any, bounds: PageBounds) -> None:
    """Raise Rejected if elements are nested deeper than the site allows."""
    if _deeper_than(bounds.nesting)(root):
        raise too_large(url, f"elements nested deeper than {bounds.nesting}", bounds.nesting)


def too_large(url: str, what: str, most: int) -> Rejected:
    """Return the rejection of a page that exceeds a limit of its site."""
    return Rejected("too-large", f"{url} has {what}; its site file allows {most} (`bounds`)")


def _count(pattern: re.Pattern[str], text: str, begin: int = 0, end: int | None = None) -> int:
    return sum(1 for _ in pattern.finditer(text, begin, len(text) if end is None else end))


def _end_of_mark(text: str, mark: str, position: int) -> int:
    found = text.find(mark, position)
    return len(text) if found < 0 else found + len(mark)


@cache
def _end_of(name: str) -> re.Pattern[str]:
    return re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE)


@cache
def _deeper_than(levels: int) -> etree.XPath:
    return etree.XPath("boolean(" + "/*" * (levels + 1) + ")")
