"""What all steps share: the run they serve."""

from typing import Self

from scrapy.crawler import Crawler

from pressmark.crawl.state.run import Run


class BasePipeline:
    """One Scrapy item pipeline; it takes a Reading and returns one, or drops it."""

    def __init__(self, run: Run) -> None:
        self.run = run

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Take the run from the spider."""
        return cls(crawler.spider.run)  # type: ignore[union-attr]  # the engine builds pipelines once there is one
