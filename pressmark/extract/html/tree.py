"""Queries of a page's tree in linear time, for any page.

For a selector with several steps (`div a`) or alternatives (`p, b`), libxml2 compares each element that it found with
each other: on some pages that takes minutes. These functions select one step at a time.
"""

import re
from collections.abc import Iterable
from functools import cache, cached_property
from typing import Any

from lxml import etree
from parsel import Selector, css2xpath
from w3lib.html import get_base_url

_SEARCHED = 4096
"""Characters that are searched for a `<base>`."""
_LONGEST_BASE = 1000
"""Characters of a `<base>`: it is joined with thousands of links."""
_BODY_ENDS = re.compile(r"</(?:body|html)\s*>", re.IGNORECASE)
Element = Any
"""An element of lxml, which comes without types."""


class HtmlMixin:
    """A mixin for page classes: the page is parsed as HTML, even if it looks like JSON or XML."""

    @cached_property
    def selector(self: Any) -> Selector:
        """The page's tree; content after a stray end of the body belongs to it, as in HTML (13.2.6.4.7, .19)."""
        return Selector(text=_BODY_ENDS.sub("", self.html), type="html", base_url=str(self.url))

    @cached_property
    def base_url(self: Any) -> str:
        """The base of the page's links; an invalid or too long `<base>` is ignored (HTML, 4.2.3)."""
        url = str(self.url)
        try:
            base: str = get_base_url(self.html[:_SEARCHED], url)
        except ValueError:
            return url
        return base if len(base) <= max(_LONGEST_BASE, len(url)) else url


def matching(root: Element, selectors: str) -> set[Element]:
    """Return the element and its descendants that match CSS selectors, each of one step, separated by commas."""
    return {element for path in _compiled(selectors) for element in path(root)}


def descendants_of(containers: Iterable[Element]) -> set[Element]:
    """Return all descendants of these elements."""
    found: set[Element] = set()
    for container in outermost(containers):
        found.update(container.iterdescendants(etree.Element))
    return found


def outermost(elements: Iterable[Element]) -> list[Element]:
    """Return the elements that are not inside another one of them."""
    every = set(elements)
    return [each for each in every if every.isdisjoint(each.iterancestors())]


@cache
def _compiled(selectors: str) -> tuple[etree.XPath, ...]:
    return tuple(etree.XPath(css2xpath(each.strip())) for each in selectors.split(","))
