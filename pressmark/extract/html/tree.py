"""Questions about a page's tree, answered in linear time whatever the page looks like.

A selector of several steps (`div a`) or alternatives (`p, b`) makes libxml2 compare each element that it found with
each other: some pages keep it busy for minutes. These functions ask one step at a time.
"""

import re
from collections.abc import Iterable
from functools import cache, cached_property
from typing import Any

from lxml import etree
from parsel import Selector, css2xpath
from w3lib.html import get_base_url

_SEARCHED = 4096
"""Characters in which a page has to have its `<base>`."""
_LONGEST_BASE = 1000
"""Characters of a `<base>`: each of thousands of addresses is joined to it."""
_ENDS = re.compile(r"</(?:body|html)\s*>", re.IGNORECASE)
Element = Any
"""An element of lxml, which comes without types."""


class ReadAsHtml:
    """Mixed into a page class: its page is parsed as HTML, also if it looks like JSON or XML."""

    @cached_property
    def selector(self: Any) -> Selector:
        """The page's tree; what is behind a stray end of the body is still in it, as HTML has it (13.2.6.4.7, .19)."""
        return Selector(text=_ENDS.sub("", self.html), type="html", base_url=str(self.url))

    @cached_property
    def base_url(self: Any) -> str:
        """What its addresses are relative to; a `<base>` that is no address, or too long, is ignored (HTML, 4.2.3)."""
        url = str(self.url)
        try:
            base: str = get_base_url(self.html[:_SEARCHED], url)
        except ValueError:
            return url
        return base if len(base) <= max(_LONGEST_BASE, len(url)) else url


def matching(root: Element, selectors: str) -> set[Element]:
    """Return what matches CSS selectors (parted by commas, each of one step) below and at an element."""
    return {element for path in _compiled(selectors) for element in path(root)}


def inside(containers: Iterable[Element]) -> set[Element]:
    """Return all elements that lie in one of these."""
    found: set[Element] = set()
    for container in outermost(containers):
        found.update(container.iterdescendants(etree.Element))
    return found


def outermost(elements: Iterable[Element]) -> list[Element]:
    """Return those that lie in no other of them."""
    every = set(elements)
    return [each for each in every if every.isdisjoint(each.iterancestors())]


@cache
def _compiled(selectors: str) -> tuple[etree.XPath, ...]:
    return tuple(etree.XPath(css2xpath(each.strip())) for each in selectors.split(","))
