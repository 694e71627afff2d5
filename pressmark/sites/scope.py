"""Scopes: what a run has to crawl, and at which rate."""

import re
from datetime import date
from enum import StrEnum
from typing import Any

import attrs

from pressmark.errors import UsageError
from pressmark.sites.site import MOST_PAGES, Site

MOST_LOOKS = 40
"""Maximum number of listing pages that a search reads; it needs about 2 log2 of the number of pages."""


class ScopeKind(StrEnum):
    """The purpose of a run."""

    NEWEST = "newest"
    """The regular run: new articles on the first listing pages, and articles that are due for another visit."""
    BACKFILL = "backfill"
    """Any listing pages, for articles that are not known yet."""
    ARTICLE = "article"
    """One article by its URL."""
    SEARCH = "search"
    """No articles: it finds the listing pages with the articles of some days."""


@attrs.frozen(kw_only=True)
class Scope:
    """The parameters of one run; a field that its kind does not need has its default.

    Raises:
        UsageError: the fields do not fit together.
    """

    kind: ScopeKind = ScopeKind.NEWEST
    pages: int = attrs.field()
    """Maximum number of listing pages; 1 for an `article`, which reads no listing."""
    first_page: int = 1
    """The first listing page; only a backfill starts at another page."""
    since: date | None = None
    """The first day of wanted articles, as in their URLs; None: no limit. For backfill and search."""
    until: date | None = None
    """The last day of wanted articles."""
    article: str | None = None
    """URL of the wanted article."""
    recheck: bool = False
    """Read up to the last allowed page, and request known articles too, unconditionally."""
    requests_per_minute: int | None = None
    """Maximum rate for one host; the site file may set a lower one."""

    @pages.default
    def _pages(self) -> int:
        return MOST_LOOKS if self.kind is ScopeKind.SEARCH else 1

    def __attrs_post_init__(self) -> None:
        for name in ("pages", "first_page", "requests_per_minute"):
            number = getattr(self, name)
            if number is not None and not 1 <= number <= MOST_PAGES:
                raise UsageError(f"{name.replace('_', ' ')}: {number} is not from 1 to {MOST_PAGES}")
        if self.since and self.until and self.since > self.until:
            raise UsageError(f"since {self.since} is after until {self.until}: swap them?")
        if self.kind is ScopeKind.SEARCH and not (self.since or self.until):
            raise UsageError("a search for pages needs a day to look for: since, until or both")
        if (self.kind is ScopeKind.ARTICLE) != bool(self.article):
            raise UsageError("only a run for one article takes an article's URL")

    def __str__(self) -> str:
        """Describe the scope in a few words, e.g. `backfill of pages 3 to 8 since 2022-02-01`."""
        match self.kind:
            case ScopeKind.NEWEST:
                text = f"up to {self.pages} listing pages"
            case ScopeKind.BACKFILL:
                text = f"backfill of pages {self.first_page} to {self.last_page}"
            case ScopeKind.ARTICLE:
                text = f"article {self.article}"
            case ScopeKind.SEARCH:
                text = "search for the pages of articles"
        text += f" since {self.since}" if self.since else ""
        text += f" until {self.until}" if self.until else ""
        return text + (f", {self.requests_per_minute} requests a minute" if self.requests_per_minute else "")

    @property
    def last_page(self) -> int:
        """The last allowed listing page."""
        return self.first_page + self.pages - 1

    @property
    def regular(self) -> bool:
        """Whether later runs use its result: how far it read, and which articles failed."""
        return self.kind is ScopeKind.NEWEST

    @property
    def unconditional(self) -> bool:
        """Whether known articles are requested again without conditions."""
        return self.recheck or self.kind is ScopeKind.ARTICLE

    @property
    def days(self) -> tuple[str, str]:
        """The first and the last wanted day, as `YYYY/MM/DD`; without a limit, text before or after all of them.

        Days are compared as text: a URL may name a day that does not exist.
        """
        return (f"{self.since:%Y/%m/%d}" if self.since else ""), (f"{self.until:%Y/%m/%d}" if self.until else "~")

    def wants(self, day: str) -> bool:
        """Return whether the articles of a day (`YYYY/MM/DD`) are wanted."""
        first, last = self.days
        return first <= day <= last

    def check(self, site: Site) -> None:
        """Check the scope against the site.

        Raises:
            UsageError: the article is not one of this site.
        """
        if self.article is None:
            return
        match = site.article_match(self.article)
        if not match or not self.article.startswith(("http://", "https://")):
            named = re.sub(r"//[^/?#]*@", "//...@", self.article)  # Keep a password out of the logs.
            raise UsageError(f"{named} is not the address of an article of {site.site}: see `article_url` and `hosts`")
        if match["page"] not in {None, "1"}:
            raise UsageError(f"{self.article} is page {match['page']} of an article: give the address of its first")

    def parameters(self) -> dict[str, Any]:
        """Return the scope as a manifest records it."""
        fields = {
            "scope": str(self.kind),
            "pages": self.pages,
            "first_page": self.first_page if self.kind is ScopeKind.BACKFILL else None,
            "since": self.since and self.since.isoformat(),
            "until": self.until and self.until.isoformat(),
            "article": self.article,
            "recheck": self.recheck,
            "requests_per_minute": self.requests_per_minute,
        }
        return {name: value for name, value in fields.items() if value is not None}
