"""Layouts: the page classes of a site, by the first day of their use. Old classes stay, for re-deriving old captures.

A layout is an entry point of the group `pressmark.layouts`; site files refer to its name. Your own packages can add
layouts.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from importlib.metadata import entry_points

import attrs
from web_poet import HttpResponse, HttpResponseHeaders

from pressmark.errors import SiteFileError
from pressmark.extract.encoding import encoding_of
from pressmark.extract.pages import ArticlePage, ListingPage
from pressmark.sites import site_checks
from pressmark.sites.site import Site


@attrs.frozen
class Layout:
    """The page classes of one kind of site."""

    listing: type[ListingPage]
    articles: Mapping[date, type[ArticlePage]]
    """Page classes by the first day (UTC, of the capture) of their use."""

    def article_page(self, captured_at: datetime) -> type[ArticlePage]:
        """Return the class for the capture time of a page."""
        day = captured_at.astimezone(UTC).date()
        return self.articles[max(first for first in self.articles if first <= day)]


def layout_of(site: Site) -> Layout:
    """Return the site's layout.

    Raises:
        SiteFileError: it does not exist; the message lists those that do.
    """
    try:
        return layout_named(site.layout)
    except KeyError as error:
        raise SiteFileError(f"site {site.site}: {error.args[0]}") from None


@cache
def layout_named(name: str) -> Layout:
    """Load a layout.

    Raises:
        KeyError: no installed package has it; the message lists those that exist.
    """
    try:
        site_checks.layout(name)
    except ValueError as error:
        raise KeyError(str(error)) from None
    layout: Layout = entry_points(group=site_checks.LAYOUTS)[name].load()
    return layout


def page_response(url: str, body: bytes, status: int, headers: HttpResponseHeaders) -> HttpResponse:
    """Return a response for page objects; `body` has no content encoding.

    Its character encoding is that of `pressmark.extract.encoding`.
    """
    encoding = encoding_of(body, headers.get("Content-Type", ""))
    return HttpResponse(url=url, body=body, status=status, headers=headers, encoding=encoding)
