"""The spider of one article: no listing, no conditions."""

from collections.abc import AsyncIterator
from urllib.parse import urldefrag

from scrapy import Request

from pressmark.extract.listing import Entry
from pressmark.spiders.section import SectionSpider


class OneArticleSpider(SectionSpider):
    """Asks for the article that the scope names, and deals with it as any run would."""

    name = "article"

    async def start(self) -> AsyncIterator[Request]:
        """Ask for it; `Scope.check` has found it to be one of this site."""
        url = urldefrag(self.run.scope.article or "").url
        if match := self.run.site.article_match(url):
            entry = Entry(article_id=match["id"], url=url, printed_day=match["day"])
            self.outcomes.see(entry.article_id, url)
            yield self.article_request(entry)
