"""The content of a page without markup: an article at one *Updated* time."""

from datetime import UTC, datetime

import attrs

_STAMP = "%Y%m%dT%H%M%SZ"


@attrs.frozen(kw_only=True)
class Credit:
    """A person or an organization that wrote or contributed."""

    name: str
    """As printed, capitals included, e.g. `REN QI`."""
    location: str | None = None
    """The place after `in`, e.g. `Moscow`; absent when none is printed."""
    organization: bool = False
    """True for agencies and papers, e.g. `Xinhua`."""


@attrs.frozen(kw_only=True)
class Image:
    """One picture of the article's body."""

    url: str
    """Absolute URL."""
    caption: str | None = None
    """Text below the picture without its credit; absent without one."""
    credit: str | None = None
    """Its creator, e.g. `Photo/Agencies`, without the brackets; absent when not printed."""


@attrs.frozen(kw_only=True)
class Raw:
    """The printed text that the other fields were read from; a field is absent when the page does not have it."""

    byline: str | None = None
    """The whole line above the body, e.g. `By REN QI in Moscow | China Daily | Updated: 2022-02-18 08:53`."""
    updated: str | None = None
    """The *Updated* time as printed, without a zone."""
    published: str | None = None
    """The page's own publication day, e.g. `2022-02-18`."""
    contributors: str | None = None
    """The last paragraph that names who contributed."""


@attrs.frozen(kw_only=True)
class Article:
    """One version of one article. A field is absent when the page does not have it."""

    article_id: str
    """From the URL, e.g. `WS` and 24 hex digits (lower case)."""
    url: str
    """Absolute URL of the first page."""
    headline: str
    standfirst: str | None = None
    """The line below the headline; not part of the body."""
    authors: tuple[Credit, ...] = ()
    dateline: str | None = None
    """Where it was written: the place at the start of the first paragraph (`BRUSSELS --`), else the byline's."""
    source: str | None = None
    """Organization in the byline, e.g. `China Daily`."""
    contributors: tuple[Credit, ...] = ()
    published_at: datetime
    """When it was created; aware, in the site's zone."""
    updated_at: datetime
    """The *Updated* time; aware, in the site's zone, to the minute. `published_at` when the page prints none."""
    section: str | None = None
    """The breadcrumb, e.g. `World / Europe`."""
    body: str
    """Plain text of all pages; a blank line separates paragraphs."""
    images: tuple[Image, ...] = ()
    keywords: tuple[str, ...] = ()
    language: str = "en"
    """BCP 47 tag."""
    raw: Raw = Raw()
    encoding: str | None = None
    """Character encoding used to decode its first page, as the Encoding Standard names it, e.g. `utf-8`."""
    characters_replaced: bool = False
    """Whether bytes of any page were invalid in that encoding and were replaced by U+FFFD."""
    cut_short: bool = False
    """Whether a page's body ends early, or may end early, on each request; the received part was read."""
    layout: str
    """Name and version of the page class that read it, e.g. `chinadaily/1`."""

    @property
    def version(self) -> "VersionKey":
        """The unit of deduplication."""
        return VersionKey(self.article_id, self.updated_at)

    def followed_by(self, *pages: "Article") -> "Article":
        """Return a long article as one: this is its first page, `pages` are the following ones in order."""
        return attrs.evolve(
            self,
            body="\n\n".join(page.body for page in (self, *pages) if page.body),
            images=tuple(image for page in (self, *pages) for image in page.images),
            contributors=tuple(credit for page in (self, *pages) for credit in page.contributors),
            characters_replaced=any(page.characters_replaced for page in (self, *pages)),
            raw=attrs.evolve(
                self.raw,
                contributors=next((page.raw.contributors for page in (*pages, self) if page.raw.contributors), None),
            ),
        )


@attrs.frozen
class VersionKey:
    """The pair that identifies a version: article id and *Updated* time."""

    article_id: str
    updated_at: datetime
    """Aware, any zone."""

    @classmethod
    def parse(cls, text: str) -> "VersionKey":
        """Read the string form of a key.

        Raises:
            ValueError: it is invalid.
        """
        article_id, _, stamp = text.partition("/")
        return cls(article_id, datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC))

    @property
    def stamp(self) -> str:
        """The *Updated* time in UTC as bucket keys have it, e.g. `20220218T005300Z`."""
        return self.updated_at.astimezone(UTC).strftime(_STAMP)

    def __str__(self) -> str:
        return f"{self.article_id}/{self.stamp}"
