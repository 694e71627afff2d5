"""Layouts: which page classes read a site, and from which day on. An old one stays, for re-deriving old captures."""

from collections.abc import Mapping
from datetime import UTC, date, datetime

import attrs
from web_poet import HttpResponse, HttpResponseHeaders

from pressmark.errors import SiteFileError
from pressmark.sites.site import Site
from pressmark.spiders.encoding import encoding_of
from pressmark.spiders.pages import chinadaily, chinadaily_listing


@attrs.frozen
class Layout:
    """The page classes of one kind of site."""

    listing: type[chinadaily_listing.ListingPage]
    articles: Mapping[date, type[chinadaily.ArticlePage]]
    """Page class by the first day (UTC, of the capture) on which it holds."""

    def article_page(self, captured_at: datetime) -> type[chinadaily.ArticlePage]:
        """Return the class that held when the page was captured."""
        day = captured_at.astimezone(UTC).date()
        return self.articles[max(first for first in self.articles if first <= day)]


LAYOUTS = {
    "chinadaily": Layout(listing=chinadaily_listing.ListingPage, articles={date(2018, 1, 1): chinadaily.ArticlePage}),
}


def layout_of(site: Site) -> Layout:
    """Return the site's layout.

    Raises:
        SiteFileError: its file names one that does not exist; the message lists those that do.
    """
    try:
        return LAYOUTS[site.layout]
    except KeyError:
        raise SiteFileError(f"site {site.site}: no layout {site.layout!r}. Known: {', '.join(LAYOUTS)}") from None


def page_response(url: str, body: bytes, status: int, headers: HttpResponseHeaders) -> HttpResponse:
    """Return a response as page objects take it; `body` is decoded of its content encoding.

    Its encoding is that of `pressmark.spiders.encoding`.
    """
    encoding = encoding_of(body, headers.get("Content-Type", ""))
    return HttpResponse(url=url, body=body, status=status, headers=headers, encoding=encoding)
