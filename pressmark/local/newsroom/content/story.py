"""The content of an article: its pages are rendered from it, and an extractor should find it again."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

import attrs

B = TypeVar("B", bound="Block")


class Kind(StrEnum):
    """What kind of page an article is; `article_generator.KINDS` has the kind of each index."""

    PLAIN = "plain"
    TABLE = "table"
    EMBED = "embed"
    """The body contains a video."""
    MULTIPAGE = "multipage"
    GALLERY = "gallery"
    """Pictures with captions, no `#Content`."""
    VIDEO = "video"
    """A player, no `#Content`."""


class Byline(StrEnum):
    """How the byline is put; `bylines.BYLINES` has the kind of each index."""

    ONE_IN_PLACE = "By A in City | China Daily"
    TWO_IN_PLACE = "By A and B in City | China Daily"
    SLASH = "By A/B | China Daily"
    THREE_GLOBAL = "By A, B and C | China Daily Global"
    TWO_PLACES = "By A in City and B in City2 | China Daily"
    WEBSITE = "By A in City | chinadaily.com.cn"
    XINHUA = "Xinhua"
    CHINA_DAILY = "China Daily"
    AGENCIES = "Agencies"
    NONE = "no byline"


class Standfirst(StrEnum):
    """How the standfirst is marked up."""

    HEADING = "h2"
    BOLD = "bold first paragraph"


@attrs.frozen
class Person:
    """Somebody, or an agency, who wrote or contributed."""

    name: str
    """As printed, capitals included."""
    location: str | None = None
    """The place the byline names; one place after two names (`By A and B in City`) is that of both."""


@attrs.frozen
class Block:
    """One piece of a body."""


@attrs.frozen
class Paragraph(Block):
    """A paragraph of plain text, including a dateline (`BRUSSELS -- `)."""

    text: str


@attrs.frozen
class Picture(Block):
    """A picture, in the body or in a gallery."""

    path: str
    caption: str | None = None
    """Without the credit."""
    credit: str | None = None
    """The text in brackets after the caption, e.g. `Photo/Agencies`."""


@attrs.frozen
class Table(Block):
    """A table: rows of cells."""

    rows: tuple[tuple[str, ...], ...]


@attrs.frozen
class Embed(Block):
    """A video in the body; it holds no text."""

    path: str


@attrs.frozen(kw_only=True)
class Story:
    """The current article, whole or one page of it."""

    article_id: str
    section: str
    index: int
    """0 is the section's oldest article."""
    kind: Kind
    byline: Byline
    path: str
    page: int | None = None
    """Set if this is one page only of the article."""
    headline: str
    standfirst: str | None
    standfirst_style: Standfirst | None
    authors: tuple[Person, ...]
    dateline: str | None
    """The first paragraph's, as printed (`BRUSSELS`); otherwise the byline's place if it names just one."""
    source_organization: str | None
    contributors: tuple[Person, ...]
    contributor_line: str | None
    """The paragraph that names the contributors; it is not in `paragraphs`."""
    created_at: datetime
    """+08:00, to the second: the time within the id."""
    updated_at: datetime
    """+08:00, to the minute."""
    modified_at: datetime
    """+08:00: the last change, silent ones included (the page's Last-Modified)."""
    byline_raw: str
    """The text of `span.info_l`."""
    editor: str
    keywords: tuple[str, ...]
    pages: tuple[tuple[Block, ...], ...]
    """The body, page by page; of a gallery or a video, its pictures."""

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """The body's paragraphs in order, without standfirst, contributor line, captions, tables and the page frame."""
        return tuple(block.text for block in self._blocks(Paragraph))

    @property
    def tables(self) -> tuple[tuple[tuple[str, ...], ...], ...]:
        """The body's tables."""
        return tuple(block.rows for block in self._blocks(Table))

    @property
    def images(self) -> tuple[Picture, ...]:
        """The pictures in order."""
        return tuple(self._blocks(Picture))

    def _blocks(self, wanted: type[B]) -> Iterator[B]:
        return (block for page in self.pages for block in page if isinstance(block, wanted))
