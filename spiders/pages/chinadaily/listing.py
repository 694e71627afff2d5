"""Listing pages of chinadaily.com.cn: the layout of the English edition since 2018."""

import re

import attrs
from web_poet import field
from web_poet.utils import cached_method

from pressmark.extract.html.shown_text import one_line
from pressmark.extract.html.tree import descendants_of, matching
from pressmark.extract.listing import Entry
from pressmark.extract.page_bounds import too_large
from pressmark.extract.pages import ListingPage
from pressmark.extract.urls import LONGEST_NUMBER, absolute_url, page_url
from pressmark.model import keys

LIST = "div.tw3_01_2"
"""Its `h4` elements have the links to articles."""
BLOCK_ABOVE = "div.tw2"
OTHER_SECTIONS = "div.mai_r"
NEXT = "//a[contains(concat(' ', normalize-space(@class), ' '), ' pagestyle ')][normalize-space()='Next']/@href"

PAGE_OF_PAGES = "span.pageno"
LAST_PAGE = "//a[normalize-space()='>>|']/@href"


@attrs.define
class ChinaDailyListingPage(ListingPage):
    """One page of a section's listing: the main column, without the margin with other sections."""

    @field
    def entries(self) -> tuple[Entry, ...]:
        found: dict[str, Entry] = {}
        for url in self._links():
            if match := self.site.article_match(url):
                first = page_url(url, 1) if match["page"] else url  # The link may lead to another page of the article.
                found.setdefault(match["id"], Entry(article_id=match["id"], url=first, printed_day=match["day"]))
        return tuple(found.values())

    @field
    def elsewhere(self) -> tuple[str, ...]:
        return tuple(url for url in self._links() if not self.site.article_match(url))

    @field
    def next_url(self) -> str | None:
        href = self.xpath(NEXT).get()
        return absolute_url(self.base_url, href) if href else None

    @field
    def days(self) -> tuple[str, ...]:
        # The block above repeats the newest articles on every page.
        matches = map(self.site.article_match, self._links(block_above=False))
        return tuple(keys.day_of_url(match["day"]) for match in matches if match)

    @field
    def pages(self) -> int | None:
        printed = one_line(self.css(PAGE_OF_PAGES)[:1].xpath("string()").get())
        found = re.search(r"/\s*(\d+)$", printed) or re.search(r"_(\d+)\.\w+$", self.xpath(LAST_PAGE).get() or "")
        return int(found[1]) if found and len(found[1]) <= LONGEST_NUMBER else None

    @cached_method
    def _links(self, *, block_above: bool = True) -> tuple[str, ...]:
        root = self.selector.root
        wanted = descendants_of(descendants_of(matching(root, LIST)) & set(root.iter("h4")))
        if block_above:
            wanted |= descendants_of(matching(root, BLOCK_ABOVE))
        wanted -= descendants_of(matching(root, OTHER_SECTIONS))
        hrefs = [each.attrib["href"] for each in root.iter("a") if each in wanted and "href" in each.attrib]
        if len(hrefs) > self.site.bounds.items:
            raise too_large(self.url, f"{len(hrefs)} links", self.site.bounds.items)
        urls = (absolute_url(self.base_url, href) for href in hrefs)
        return tuple(dict.fromkeys(filter(None, urls)))
