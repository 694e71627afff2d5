"""chinadaily.com.cn, the layout of the English edition since 2018: listing and article pages."""

import re
from datetime import datetime

import attrs
from web_poet import Returns, WebPage, field
from web_poet.utils import cached_method

from pressmark import object_id
from pressmark.archive import keys
from pressmark.article import Article, Credit, Image, Raw
from pressmark.errors import Rejected
from pressmark.site import Site
from spiders.addresses import absolute
from spiders.listing import Entry, Listing
from spiders.pages.byline import Byline, read_byline
from spiders.pages.names import credits_in
from spiders.pages.story import Story, read_story

LIST = "div.tw3_01_2 h4 a[href]"
ENTRIES = f"{LIST}, div.tw2 a[href]"
OTHER_SECTIONS = "ancestor::div[contains(concat(' ', normalize-space(@class), ' '), ' mai_r ')]"
NEXT = "//a[contains(concat(' ', normalize-space(@class), ' '), ' pagestyle ')][normalize-space()='Next']/@href"

PAGE_OF_PAGES = "span.pageno"
LAST_PAGE = "//a[normalize-space()='>>|']/@href"

CONTENT = "#Content"
CHROME = (
    "script, style, noscript, iframe, video, audio, figure, table.share, #div_currpage, .share, .selectpage,"
    " [class*=share], [id*=share], .pagestyle"
)
PRINTED_CHROME = re.compile(
    r"(?:Share(?: - WeChat)?|Top|BACK TO THE TOP|Most Viewed in 24 Hours|Global Edition|中文|双语|Français|ASIA)"
    r"|Copyright \d{4}\b.*|License for publishing .*|Registration Number:?\s*\d.*",
    re.DOTALL,
)
FOLLOWING = "#div_currpage a::attr(href)"
NO_PICTURES = (
    "noscript, iframe, video, audio, table.share, .share, .selectpage, [class*=share], [id*=share], .pagestyle"
)
"""Chrome whose pictures are not the article's; those of figures are."""
_SOURCE = r"(?:[Pp]hoto|PHOTO|/|Agenc|Xinhua|\bAFP\b|\bAP\b|Reuters|China Daily)"
CREDIT = re.compile(rf"\s*(?:\[([^\]]{{2,80}})\]|\(([^()]{{0,80}}?{_SOURCE}[^()]{{0,80}})\))\s*$")
"""In round brackets only what names a source: `(right)` is where somebody stands."""
ORGANIZATIONS = frozenset(
    {"AFP", "AP", "Agencies", "Associated Press", "CGTN", "China Daily", "Reuters", "Xinhua", "Xinhua News Agency"}
)


@attrs.define
class ListingPage(WebPage[Listing], Returns[Listing]):
    """One page of a section's listing: the main column only, not what the margin shows of other sections."""

    site: Site

    @field
    def entries(self) -> tuple[Entry, ...]:
        found: dict[str, Entry] = {}
        for url in self._links():
            if match := self.site.article_match(url):
                first = _page_of(url, 1)  # Whatever page a link leads to.
                found.setdefault(match["id"], Entry(article_id=match["id"], url=first, printed_day=match["day"]))
        return tuple(found.values())

    @field
    def elsewhere(self) -> tuple[str, ...]:
        return tuple(url for url in self._links() if not self.site.article_match(url))

    @field
    def next_url(self) -> str | None:
        href = self.xpath(NEXT).get()
        return absolute(self.base_url, href) if href else None

    @field
    def days(self) -> tuple[str, ...]:
        matches = map(self.site.article_match, self._links(LIST))  # The block above repeats the newest on every page.
        return tuple(keys.day_of_url(match["day"]) for match in matches if match)

    @field
    def pages(self) -> int | None:
        printed = _line(self.css(PAGE_OF_PAGES).xpath("string()").get())
        found = re.search(r"/\s*(\d+)$", printed) or re.search(r"_(\d+)\.\w+$", self.xpath(LAST_PAGE).get() or "")
        return int(found[1]) if found else None

    @cached_method
    def _links(self, selector: str = ENTRIES) -> tuple[str, ...]:
        anchors = (each for each in self.css(selector) if not each.xpath(OTHER_SECTIONS))
        urls = (absolute(self.base_url, each.attrib["href"]) for each in anchors)
        return tuple(dict.fromkeys(filter(None, urls)))


@attrs.define
class ArticlePage(WebPage[Article], Returns[Article]):
    """One page of an article."""

    site: Site

    LAYOUT = "chinadaily/1"

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
        for text in self.css("h1").xpath("string()").getall():
            if headline := _line(text):
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
        return credits_in(self._story().contributor_names, ORGANIZATIONS)

    @field
    def published_at(self) -> datetime:
        return object_id.created_at(self.article_id).astimezone(self.site.zone)

    @field
    def updated_at(self) -> datetime:
        if not re.search(r"Updated:\s*\S", self._byline_text()):
            created: datetime = self.published_at
            return created
        try:
            return datetime.fromisoformat(self._byline().updated or "").replace(tzinfo=self.site.zone)
        except ValueError:  # Another format, or no such day.
            raise Rejected(
                "unreadable-updated", f"{self.url}: no time can be read in {self._byline_text()!r}"
            ) from None

    @field
    def section(self) -> str | None:
        crumbs = [_line(part) for part in (self.css("#bread-nav").xpath("string()").get() or "").split("/")]
        return " / ".join(crumb for crumb in crumbs if crumb and crumb != "Home") or None

    @field
    def body(self) -> str:
        body = "\n\n".join(self._story().paragraphs)
        if not body and (self.number == 1 or not self.css(CONTENT)):  # A following page may hold pictures alone.
            raise Rejected("no-body", f"{self.url} has no text in {CONTENT}: a gallery or video?")
        return body

    @field
    def images(self) -> tuple[Image, ...]:
        chrome = [each.root for each in self.css(CONTENT).css(NO_PICTURES)]
        found = (
            self._image(image.attrib["src"], _line(image.xpath("string(ancestor::figure[1]//figcaption)").get()))
            for image in self.css(f"{CONTENT} img[src]")
            if not any(above in chrome for above in image.root.iterancestors())
        )
        return tuple(filter(None, found))

    @field
    def keywords(self) -> tuple[str, ...]:
        return tuple(filter(None, (_line(word) for word in (self._meta("keywords") or "").split(","))))

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
    def layout(self) -> str:
        return self.LAYOUT

    @property
    def number(self) -> int:
        """Which page of its article this is, by its URL; the first is 1."""
        match = self.site.article_match(self.url)
        return int(match["page"] or 1) if match else 1

    def following(self) -> list[str]:
        """URLs of the article's further pages, in their order."""
        numbered = {}
        for href in self.css(FOLLOWING).getall():
            url = absolute(self.base_url, href)
            match = url and self.site.article_match(url)
            if url and match and match["id"] == self.article_id and match["page"]:
                numbered[int(match["page"])] = url
        # A pager of a long article shows some of its pages only; the others are there all the same.
        last = max(numbered, default=1)
        return [numbered.get(number) or _page_of(self.url, number) for number in range(2, last + 1)]

    @cached_method
    def _second_headline(self) -> str | None:
        """The h2 between headline and text; a following page has none of its own."""
        above = self.xpath("//h1/following-sibling::h2[following::*[@id='Content']][1]")
        return (_line(above.xpath("string()").get()) or None) if self.number == 1 else None

    @cached_method
    def _byline_text(self) -> str:
        return _line(self.css("span.info_l").xpath("string()").get())

    @cached_method
    def _byline(self) -> Byline:
        return read_byline(self._byline_text(), ORGANIZATIONS)

    @cached_method
    def _story(self) -> Story:
        content = self.css(CONTENT)
        if not content:
            return Story()
        bold = self.number == 1 and not self._second_headline()
        return read_story(content[0], CHROME, PRINTED_CHROME, bold_standfirst=bold)

    def _meta(self, name: str) -> str | None:
        return _line(self.css(f'meta[name="{name}"]::attr(content)').get()) or None

    def _image(self, src: str, text: str) -> Image | None:
        url = absolute(self.base_url, src)
        credit = CREDIT.search(text)
        named = (credit[1] or credit[2]).strip() if credit else None
        return Image(url=url, caption=CREDIT.sub("", text) or None, credit=named) if url else None


def _page_of(url: str, number: int) -> str:
    """Return the address of an article's page by that of another."""
    return re.sub(r"(?:_\d+)?(\.\w+)$", rf"_{number}\1" if number > 1 else r"\1", url)


def _line(text: str | None) -> str:
    """Fold white space; the empty string when there is nothing."""
    return " ".join((text or "").split())
