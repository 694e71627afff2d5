"""What a page says, free of markup: an article as it stood at one *Updated* time."""

from datetime import UTC, datetime

import attrs

_STAMP = "%Y%m%dT%H%M%SZ"


@attrs.frozen(kw_only=True)
class Credit:
    """A person or an organisation that wrote or contributed."""

    name: str
    """As printed, capitals included, e.g. `REN QI`."""
    location: str | None = None
    """The place behind `in`, e.g. `Moscow`; absent when none is printed."""
    organization: bool = False
    """True for agencies and papers, e.g. `Xinhua`."""


@attrs.frozen(kw_only=True)
class Image:
    """One picture of the article's body."""

    url: str
    """Absolute URL."""
    caption: str | None = None
    """Text below the picture without its credit; absent when there is none."""
    credit: str | None = None
    """Who made it, e.g. `Photo/Agencies`, without the brackets; absent when not printed."""


@attrs.frozen(kw_only=True)
class Raw:
    """What was printed, beside what was read from it; each absent when the page does not have it."""

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
    """One version of one article. Absent means: the page does not say it."""

    article_id: str
    """`WS` and 24 hex digits (lower case), from the URL."""
    url: str
    """Absolute URL of the first page."""
    headline: str
    standfirst: str | None = None
    """The line below the headline; not part of the body."""
    authors: tuple[Credit, ...] = ()
    dateline: str | None = None
    """Where it was written: the place that opens the first paragraph (`BRUSSELS --`), else the byline's."""
    source: str | None = None
    """Organisation of the byline, e.g. `China Daily`."""
    contributors: tuple[Credit, ...] = ()
    published_at: datetime
    """When it was created; aware, in the site's zone."""
    updated_at: datetime
    """The *Updated* time; aware, in the site's zone, to the minute. `published_at` when the page prints none."""
    section: str | None = None
    """The breadcrumb, e.g. `World / Europe`."""
    body: str
    """Plain text of all pages; paragraphs are parted by a blank line."""
    images: tuple[Image, ...] = ()
    keywords: tuple[str, ...] = ()
    language: str = "en"
    """BCP 47 tag."""
    raw: Raw = Raw()
    encoding: str | None = None
    """Character encoding by which its first page was read, as the Encoding Standard names it, e.g. `utf-8`."""
    characters_replaced: bool = False
    """Whether bytes of any of its pages were no characters in that encoding, and U+FFFD took their places."""
    cut_short: bool = False
    """Whether a page's body ends early each time it is asked for, or may do so; what there is of it was read."""
    layout: str
    """Name and version of the page class that read it, e.g. `chinadaily/1`."""

    @property
    def version(self) -> "VersionKey":
        """The unit of deduplication."""
        return VersionKey(self.article_id, self.updated_at)

    def followed_by(self, *pages: "Article") -> "Article":
        """Return the whole of a long article: this is its first page, `pages` are the following ones in order."""
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
    """The pair that tells versions apart: article id and *Updated* time."""

    article_id: str
    updated_at: datetime
    """Aware, any zone."""

    @classmethod
    def parse(cls, text: str) -> "VersionKey":
        """Read what `str` made of one.

        Raises:
            ValueError: it is none.
        """
        article_id, _, stamp = text.partition("/")
        return cls(article_id, datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC))

    @property
    def stamp(self) -> str:
        """The *Updated* time in UTC as it stands in bucket keys, e.g. `20220218T005300Z`."""
        return self.updated_at.astimezone(UTC).strftime(_STAMP)

    def __str__(self) -> str:
        return f"{self.article_id}/{self.stamp}"
