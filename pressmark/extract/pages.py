"""The base of all page classes: a web-poet page of one site, parsed as HTML. Layouts are in `spiders/pages`."""

import attrs
from web_poet import Returns, WebPage

from pressmark.extract.html.tree import HtmlMixin
from pressmark.extract.listing import Listing
from pressmark.model.article import Article
from pressmark.sites.site import Site


@attrs.define
class ArticlePage(HtmlMixin, WebPage[Article], Returns[Article]):
    """One page of an article; `to_item` returns an Article."""

    site: Site

    @property
    def number(self) -> int:
        """The page's number in its article, by its URL; the first is 1."""
        match = self.site.article_match(str(self.response.url))
        return int(match["page"] or 1) if match else 1

    def following(self) -> list[str]:
        """URLs of the article's further pages, in order; empty for sites with one page per article."""
        return []


@attrs.define
class ListingPage(HtmlMixin, WebPage[Listing], Returns[Listing]):
    """One page of a section's listing; `to_item` returns a Listing."""

    site: Site
