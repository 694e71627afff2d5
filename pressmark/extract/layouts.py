"""Layouts: which page classes read a site, and from which day on. An old one stays, for re-deriving old captures.

A layout is an entry point of the group `pressmark.layouts`; its name is what site files say. A package of your own can
bring further ones.
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
from pressmark.sites.site import Site
from pressmark.sites.site_checks import LAYOUTS


@attrs.frozen
class Layout:
    """The page classes of one kind of site."""

    listing: type[ListingPage]
    articles: Mapping[date, type[ArticlePage]]
    """Page class by the first day (UTC, of the capture) on which it holds."""

    def article_page(self, captured_at: datetime) -> type[ArticlePage]:
        """Return the class that held when the page was captured."""
        day = captured_at.astimezone(UTC).date()
        return self.articles[max(first for first in self.articles if first <= day)]


def layout_of(site: Site) -> Layout:
    """Return the site's layout.

    Raises:
        SiteFileError: its file names one that does not exist; the message lists those that do.
    """
    try:
        return layout_named(site.layout)
    except KeyError as error:
        raise SiteFileError(f"site {site.site}: {error.args[0]}") from None


@cache
def layout_named(name: str) -> Layout:
    """Load a layout.

    Raises:
        KeyError: no installed package has it; the message lists those that there are.
    """
    found = entry_points(group=LAYOUTS)
    if name not in found.names:
        raise KeyError(f"no layout {name!r}. Known: {', '.join(sorted(found.names))}")
    layout: Layout = found[name].load()
    return layout


def page_response(url: str, body: bytes, status: int, headers: HttpResponseHeaders) -> HttpResponse:
    """Return a response as page objects take it; `body` is decoded of its content encoding.

    Its encoding is that of `pressmark.extract.encoding`.
    """
    encoding = encoding_of(body, headers.get("Content-Type", ""))
    return HttpResponse(url=url, body=body, status=status, headers=headers, encoding=encoding)
