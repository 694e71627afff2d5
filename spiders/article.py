"""The spider for one article: no listing, no conditional requests."""

from collections.abc import AsyncIterator
from urllib.parse import urldefrag

from scrapy import Request

from pressmark.extract.listing import Entry
from pressmark.spiders.section import SectionSpider


class OneArticleSpider(SectionSpider):
    """Fetches the article of the scope, and handles it as a regular run does."""

    name = "article"

    async def start(self) -> AsyncIterator[Request]:
        """Request the article; `Scope.check` has checked that it is one of this site."""
        url = urldefrag(self.run.scope.article or "").url
        if match := self.run.site.article_match(url):
            entry = Entry(article_id=match["id"], url=url, printed_day=match["day"])
            self.outcomes.see(entry.article_id, url)
            yield self.articles.request(entry)
