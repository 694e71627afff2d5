"""Article pages of chinadaily.com.cn: the layout of the English edition since 2018."""

import re
import unicodedata
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from datetime import datetime
from itertools import islice

import attrs
from web_poet import field
from web_poet.utils import cached_method

from pressmark.errors import Rejected
from pressmark.extract.encoding import characters_of
from pressmark.extract.html.shown_text import HIDDEN, one_line, shown_text
from pressmark.extract.html.tree import Element, descendants_of, matching, outermost
from pressmark.extract.page_bounds import too_large
from pressmark.extract.pages import ArticlePage
from pressmark.extract.urls import LONGEST_NUMBER, absolute_url, page_url, without_query
from pressmark.model import object_id
from pressmark.model.article import Article, Credit, Image, Raw
from pressmark.spiders.pages.chinadaily.body import Story, read_story
from pressmark.spiders.pages.chinadaily.byline import Byline, read_byline, read_time
from pressmark.spiders.pages.chinadaily.credits import credits_in

CONTENT = "#Content"
BOILERPLATE = (
    f"{HIDDEN}, table.share, #div_currpage, .share, .selectpage, [class*=share]:not(p), [id*=share]:not(p), .pagestyle"
)
FIGURE = "figure"
PICTURES = frozenset({"img", "picture", "video", "audio", "iframe", "svg", "canvas", "object", "embed"})
"""A figure without any of these is text: a quote or a table."""
PRINTED_BOILERPLATE = re.compile(
    r"(?:Share(?: - WeChat)?|Top|BACK TO THE TOP|Most Viewed in 24 Hours|Global Edition|中文|双语|Français|ASIA)"
    r"|Copyright \d{4}\b.{0,80}?\b(?:[Aa]ll [Rr]ights [Rr]eserved|China Daily)\b.*"
    r"|License for publishing .*|Registration Number:?\s*\d.*",
    re.DOTALL,
)
PAGER = "#div_currpage"
NO_PICTURES = (
    "noscript, iframe, video, audio, table.share, .share, .selectpage, [class*=share], [id*=share], .pagestyle"
)
"""Elements whose pictures don't belong to the article; pictures in figures do."""
_SOURCE = r"(?:[Pp]hoto|PHOTO|/|Agenc|Xinhua|\bAFP\b|\bAP\b|Reuters|China Daily)"
CREDIT = re.compile(rf"\s*(?:\[([^\]]{{2,80}})\]|\(([^()]{{0,80}}?{_SOURCE}[^()]{{0,80}})\))\s*$")
"""Text in round brackets is a credit only if it names a source: `(right)` describes the picture."""
ORGANIZATIONS = frozenset(
    {"AFP", "AP", "Agencies", "Associated Press", "CGTN", "China Daily", "Reuters", "Xinhua", "Xinhua News Agency"}
)
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Cn", "Zs", "Zl", "Zp"})
"""Unicode categories of invisible characters."""


@attrs.define
class ChinaDailyArticlePage(ArticlePage):
    """One page of an article."""

    LAYOUT = "chinadaily/2"

    async def to_item(self) -> Article:
        """Return the article of this page; its relative links refer to the requested URL, not to the canonical one."""
        return attrs.evolve(await super().to_item(), url=self.canonical_url())

    @field
    def article_id(self) -> str:
        match = self.site.article_match(self.url)
        if not match:
            raise Rejected("not-an-article", f"{self.url} is not the address of an article")
        printed = self._meta("contentid")
        if printed != match["id"]:
            raise Rejected("id-mismatch", f"the URL says {match['id']}, the page's contentid {printed}")
        return str(match["id"])

    @field
    def url(self) -> str:
        return str(self.response.url)

    @field
    def headline(self) -> str:
        for each in self.selector.root.iter("h1"):
            # HTML allows a paragraph in a heading; libxml2 moves it after the heading.
            following = each.getnext()
            for place in (each, following if following is not None and following.tag == "p" else None):
                if place is not None and (headline := self._visible_text(place)):
                    return headline
        raise Rejected("no-headline", f"{self.url} has no h1 with text")

    @field
    def standfirst(self) -> str | None:
        return self._second_headline() or self._story().standfirst

    @field
    def authors(self) -> tuple[Credit, ...]:
        return self._byline().authors

    @field
    def dateline(self) -> str | None:
        return self._story().dateline or self._byline().place

    @field
    def source(self) -> str | None:
        return self._byline().source

    @field
    def contributors(self) -> tuple[Credit, ...]:
        return credits_in(self._story().contributor_names, ORGANIZATIONS, self.site.bounds.items)

    @field
    def published_at(self) -> datetime:
        return object_id.created_at(self.article_id).astimezone(self.site.zone)

    @field
    def updated_at(self) -> datetime:
        if not re.search(r"Updated:\s*\S", self._byline_text()):
            created: datetime = self.published_at
            return created
        try:
            return read_time(self._byline().updated or "", self.site.zone)
        except (ValueError, OverflowError):  # Another format, or no such time in the site's zone.
            raise Rejected(
                "unreadable-updated", f"{self.url}: no time can be read in {self._byline_text()!r}"
            ) from None

    @field
    def section(self) -> str | None:
        printed = self.css("#bread-nav")[:1].xpath("string()").get() or ""
        crumbs = [one_line(part) for part in printed.split("/", self.site.bounds.items)]
        return " / ".join(crumb for crumb in crumbs if crumb and crumb != "Home") or None

    @field
    def body(self) -> str:
        body = "\n\n".join(self._story().paragraphs)
        if not body and (self.number == 1 or not self.css(CONTENT)):  # A following page may have pictures only.
            raise Rejected("no-body", f"{self.url} has no text in {CONTENT}: a gallery or video?")
        return body

    @field
    def images(self) -> tuple[Image, ...]:
        contents = outermost(matching(self.selector.root, CONTENT))
        boilerplate = descendants_of(each for content in contents for each in matching(content, NO_PICTURES))
        within = descendants_of(contents) - boilerplate
        images = [each for each in self.selector.root.iter("img") if each in within and "src" in each.attrib]
        if len(images) > self.site.bounds.items:
            raise too_large(self.url, f"{len(images)} pictures", self.site.bounds.items)
        found, size = [], 0
        for image in images:
            caption = self._caption(image)
            size += len(caption)
            if size > self.site.bounds.article:  # Several pictures of one figure share its caption.
                raise too_large(self.url, f"{size} characters of captions", self.site.bounds.article)
            found.append(self._image(image.attrib["src"], caption))
        return tuple(filter(None, found))

    @field
    def keywords(self) -> tuple[str, ...]:
        most = self.site.bounds.items
        words = (self._meta("keywords") or "").split(",", most)
        if len(words) > most:
            raise too_large(self.url, f"more than {most} keywords", most)
        return tuple(filter(None, map(one_line, words)))

    @field
    def language(self) -> str:
        return self.site.language

    @field
    def raw(self) -> Raw:
        return Raw(
            byline=self._byline_text() or None,
            updated=self._byline().updated,
            published=self._meta("publishdate"),
            contributors=self._story().contributors,
        )

    @field
    def encoding(self) -> str | None:
        return self._characters()[0]

    @field
    def characters_replaced(self) -> bool:
        return self._characters()[1]

    @field
    def layout(self) -> str:
        return self.LAYOUT

    def canonical_url(self) -> str:
        """Return the canonical URL, if the page names one of this article; else the requested one, without query.

        If they differ only in the scheme, return the requested one.
        """
        asked = without_query(self.url)
        for href in islice(self._canonical_links(), self.site.bounds.items):
            url = absolute_url(self.base_url, href)
            match = url and self.site.article_match(url)
            if url and match and match["id"] == self.article_id and not match["page"]:
                return asked if without_query(url).partition(":")[2] == asked.partition(":")[2] else without_query(url)
        return asked

    def following(self) -> list[str]:
        """URLs of the article's further pages, in their order."""
        root, most = self.selector.root, self.site.bounds.following
        pager = descendants_of(matching(root, PAGER))
        hrefs = dict.fromkeys(link.get("href", "") for link in root.iter("a") if link in pager)
        if len(hrefs) > self.site.bounds.items:
            raise too_large(self.url, f"a pager of {len(hrefs)} links", self.site.bounds.items)
        numbered = {}
        for href in hrefs:
            url = absolute_url(self.base_url, href)
            match = url and self.site.article_match(url)
            if url and match and match["id"] == self.article_id and match["page"]:
                if len(match["page"]) > LONGEST_NUMBER or int(match["page"]) > most + 1:
                    raise too_large(self.url, f"a page of number {match['page'][:20]}", most + 1)
                numbered[int(match["page"])] = url
        # The pager of a long article shows only some of its pages; the others exist, too.
        last = max(numbered, default=1)
        return [numbered.get(number) or page_url(self.url, number) for number in range(2, last + 1)]

    @cached_method
    def _characters(self) -> tuple[str | None, bool]:
        return characters_of(self.response)

    def _canonical_links(self) -> Iterator[str]:
        """Return the URLs that the page names as its own, most reliable first."""
        links = self.css("link[rel][href]")
        yield from (each.attrib["href"] for each in links if "canonical" in each.attrib["rel"].lower().split())
        named = self.css("meta[property][content]")
        yield from (each.attrib["content"] for each in named if each.attrib["property"].strip().lower() == "og:url")

    @cached_method
    def _second_headline(self) -> str | None:
        """The h2 between headline and text; only first pages have one."""
        above = _standfirst_heading(self.selector.root) if self.number == 1 else None
        return None if above is None else self._visible_text(above) or None

    @cached_method
    def _byline_text(self) -> str:
        found = self.css("span.info_l")
        return self._visible_text(found[0].root) if found else ""

    @cached_method
    def _byline(self) -> Byline:
        return read_byline(self._byline_text(), ORGANIZATIONS, self.site.bounds.items)

    @cached_method
    def _story(self) -> Story:
        content = self.css(CONTENT)
        if not content:
            return Story()
        bold = self.number == 1 and not self._second_headline()
        figures = {each for each in self.selector.root.iter(FIGURE) if next(each.iter(*PICTURES), None) is not None}
        boilerplate = matching(self.selector.root, BOILERPLATE) | figures
        return read_story(content[0].root, boilerplate, PRINTED_BOILERPLATE, bold_standfirst=bold)

    @cached_method
    def _hidden_elements(self) -> AbstractSet[Element]:
        return matching(self.selector.root, HIDDEN)

    def _visible_text(self, element: Element) -> str:
        """Return the text of an element in one line; empty if nothing of it is visible."""
        text = one_line(shown_text(element, self._hidden_elements()))
        return text if any(unicodedata.category(each) not in _INVISIBLE for each in text) else ""

    def _meta(self, name: str) -> str | None:
        return one_line(self.css(f'meta[name="{name}"]::attr(content)').get()) or None

    def _caption(self, image: Element) -> str:
        figure = next(image.iterancestors("figure"), None)
        caption = None if figure is None else next(figure.iterdescendants("figcaption"), None)
        return "" if caption is None else self._visible_text(caption)

    def _image(self, src: str, text: str) -> Image | None:
        url = absolute_url(self.base_url, src)
        credit = CREDIT.search(text)
        named = (credit[1] or credit[2]).strip() if credit else None
        return Image(url=url, caption=CREDIT.sub("", text) or None, credit=named) if url else None


def _standfirst_heading(root: Element) -> Element | None:
    """Return the first h2 that follows an h1 of the same parent, if the text follows it."""
    parents = set()
    for heading in root.iter("h1", "h2"):
        if heading.tag == "h1":
            parents.add(heading.getparent())
        elif heading.getparent() in parents:
            contents = heading.xpath(f"(following::*[@id='{CONTENT[1:]}'])[1]")
            return heading if contents else None
    return None
