"""Renders pages: the same story, host and seed give the same bytes."""

from functools import cache, lru_cache
from hashlib import sha256
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pressmark.local.newsroom.content import markup_noise
from pressmark.local.newsroom.content.article_generator import one_page, picture_path
from pressmark.local.newsroom.content.section import SECTIONS, article_path
from pressmark.local.newsroom.content.story import Embed, Kind, Paragraph, Picture, Story, Table
from pressmark.local.newsroom.faults import FaultKind
from pressmark.local.newsroom.http.page_frame import MENU, PageFrame
from pressmark.local.newsroom.newsroom import Newsroom

_TEMPLATES: Final = {Kind.GALLERY: "gallery.html", Kind.VIDEO: "video.html"}
_TOP: Final = 4
_CONTENT_END: Final = "<!--Content end-->"


class Pages:
    """Renders a newsroom's pages; `host` is the request's Host header, used in all links."""

    def __init__(self, newsroom: Newsroom) -> None:
        self.newsroom = newsroom
        # Most of a page is the same for its host and section: rendered once, and cached for a few hosts.
        self._frame = lru_cache(maxsize=8)(self._render_frame)
        self._sidebar = lru_cache(maxsize=8 * len(SECTIONS))(self._render_sidebar)

    def article(self, article_id: str, page: int, host: str, oddity: FaultKind | None = None) -> tuple[Story, str]:
        """Return one page of an article as story and HTML; LookupError if there is no such page."""
        whole = self.newsroom.story(article_id)
        story = one_page(whole, page)
        html = self._render(
            _TEMPLATES.get(story.kind, "article.html"),
            host,
            story=story,
            oddity=oddity,
            description=whole.standfirst or " ".join(whole.paragraphs[:1]),
            cover=whole.images[0].path if whole.images else picture_path(article_id, 0),
            following=[article_path(article_id, number) for number in range(1, len(whole.pages) + 1)],
            section_title=SECTIONS[story.section],
            catalog=catalog(story.section),
            sidebar=self._sidebar(host, story.section),
        )
        return story, html

    def listing(self, section: str, page: int, host: str, *, empty: bool = False) -> str:
        """Return a listing page; LookupError if there is no such section or page."""
        with self.newsroom.lock:
            entries = self.newsroom.listing(section, page)
            pages = self.newsroom.section_state(section).pages
            top = self.newsroom.listing(section, 1, _TOP)
        numbers = range(max(1, page - 4), min(pages, page + 5) + 1)
        return self._render(
            "listing.html",
            host,
            section=section,
            section_title=SECTIONS[section],
            catalog=catalog(section),
            entries=[] if empty else entries,
            top=[] if empty else top,
            page=page,
            pages=pages,
            paths={number: listing_path(section, number) for number in numbers},
            last=listing_path(section, pages),
            sidebar=self._sidebar(host, section),
        )

    def home(self, host: str) -> str:
        """Return the home page."""
        blocks = [(name, title, self.newsroom.listing(name, 1, 6)) for name, title in SECTIONS.items()]
        return self._render("home.html", host, blocks=blocks)

    def plain(self, heading: str, text: str, host: str) -> str:
        """Return a small page: an error, or a feature page that is no article."""
        return _templates().get_template("plain_page.html").render(heading=heading, text=text, host=host)

    def _render(self, template: str, host: str, **what: Any) -> str:
        return _templates().get_template(template).render(host=host, frame=self._frame(host), **what)

    def _render_frame(self, host: str) -> PageFrame:
        return PageFrame(*(self._part(f"{part}.html", host=host, menu=MENU) for part in ("head", "header", "footer")))

    def _render_sidebar(self, host: str, section: str) -> Markup:
        return self._part("sidebar.html", host=host, sidebar=self.newsroom.sidebar(section))

    def _part(self, template: str, **what: Any) -> Markup:
        return Markup(_templates().get_template(template).render(**what))  # noqa: S704  # Escaped by Jinja.


@cache
def _templates() -> Environment:
    # Shared by all newsrooms of a process: compiling templates takes longer than rendering a hundred pages.
    environment = Environment(
        loader=PackageLoader("pressmark.local.newsroom"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        auto_reload=False,
    )
    environment.filters.update(
        noisy_text=markup_noise.noisy_text,
        noisy_title=markup_noise.noisy_title,
        noisy_byline=markup_noise.noisy_byline,
        sized=markup_noise.sized,
    )
    environment.tests.update(
        paragraph_block=lambda block: isinstance(block, Paragraph),
        picture_block=lambda block: isinstance(block, Picture),
        table_block=lambda block: isinstance(block, Table),
        embed_block=lambda block: isinstance(block, Embed),
    )
    return environment


def listing_path(section: str, page: int) -> str:
    """Return the path of a listing page."""
    return f"/{section}/page_{page}.html" if page > 1 else f"/{section}"


def catalog(section: str) -> str:
    """Return the section's id as the meta `catalogs` has it: 24 hex digits, the same at any seed."""
    return sha256(section.encode()).hexdigest()[:24]


def mangled(html: str) -> str:
    """Return the page cut in the middle of its text, with unclosed paragraphs."""
    head, start, rest = html.partition('id="Content"')
    if start:
        content = rest.partition(_CONTENT_END)[0].replace("</p>", "")
        return head + start + content[: len(content) // 2] + "<p cla"
    return html[: len(html) // 2] + "<div cla"
