"""The base of all item pipelines."""

from typing import Self

from scrapy.crawler import Crawler

from pressmark.crawl.state.parts import CrawlParts


class BasePipeline:
    """One Scrapy item pipeline: it takes a Reading and returns one, or drops it."""

    @classmethod
    def from_parts(cls, parts: CrawlParts) -> Self:
        """Build it from the parts of the crawl that it needs: none of them, unless a subclass says so."""
        return cls()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build it for Scrapy."""
        return cls.from_parts(CrawlParts.of(crawler))
