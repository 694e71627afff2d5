"""The base of all spiders."""

from typing import Any

from scrapy import Spider

from pressmark.crawl.state.parts import CrawlParts
from pressmark.extract.page_reader import PageReader
from pressmark.spiders.listing_pages import ListingPages


class ReadingSpider(Spider):
    """A spider whose pages are read by a process of their own; it ends with the spider.

    Args:
        parts: of the crawl; pipelines, middlewares and the download handler are built from them too.
    """

    def __init__(self, parts: CrawlParts, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.parts = parts
        self.run, self.status, self.progress = parts.run, parts.status, parts.listing_progress
        self.reader = PageReader(self.run.site)
        self.listing_pages = ListingPages(self.run, self.status, self.progress, self.reader)

    def stop_reading(self) -> None:
        """Let what is being read end within moments, and read no more; for a crawl that is asked to stop."""
        self.reader.stop()

    def closed(self, reason: str) -> None:
        """End the process; Scrapy calls this when the spider is closed."""
        self.reader.close()
