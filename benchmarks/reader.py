"""The spider of all variants: it follows the listing and reads all fields of every article."""

from typing import Any

import psutil
from scrapy import Request, Spider

from benchmarks.serve_pages import DAY
from pressmark.crawl.scrapy.content_decoding import fetched_page
from pressmark.crawl.scrapy.recording_handler import RECEIPT
from pressmark.crawl.state.parts import CrawlParts
from pressmark.extract.page_reader import PageReader
from pressmark.model.item import Reading
from pressmark.spiders.pages.chinadaily.article import ChinaDailyArticlePage

SAMPLE_EVERY = 1000


class Reader(Spider):
    """Reads `serve_pages`, and records its use of memory."""

    name = "reader"
    site: Any
    parts: Any = None
    reader: PageReader
    first: str
    pages = 0
    memory: list[int]

    async def start(self) -> Any:
        """Start with the first listing page."""
        self.memory = []
        yield Request(self.first, self.parse_listing)

    def parse_listing(self, response: Any) -> Any:
        """Request all articles."""
        for href in response.css("a.article::attr(href)").getall():
            yield response.follow(href, self.parse_article)
        if following := response.css("a.next::attr(href)").get():
            yield response.follow(following, self.parse_listing, priority=-1)

    async def parse_article(self, response: Any) -> Any:
        """Read all fields."""
        page = await self.reader.run_in_thread(self.reader.article_page, ChinaDailyArticlePage, fetched_page(response))
        article = page.article
        assert article
        if isinstance(self.parts, CrawlParts):
            self.parts.outcomes.see(article.article_id, article.url)
            yield Reading(article=article, day=DAY, receipts=(response.meta[RECEIPT],))
        else:
            yield {"article": article}
        self.pages += 1
        if self.pages % SAMPLE_EVERY == 0:
            self.memory.append(_memory())


def _memory() -> int:
    """Return the bytes of memory that this process and its children use now."""
    me = psutil.Process()
    return sum(each.memory_info().rss for each in [me, *me.children(recursive=True)])
