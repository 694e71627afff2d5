"""Keeps to the Crawl-delay of robots.txt, which Scrapy reads and does not act on."""

from typing import Self

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.robotstxt import RobotParser
from scrapy.utils.httpobj import urlparse_cached


class CrawlDelay:
    """An extension that slows a host down to its Crawl-delay; the site file's own delay holds if it is longer."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        crawler.signals.connect(self.robots_parsed, signals.robots_parsed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Listen to the crawler's signals."""
        return cls(crawler)

    def robots_parsed(self, robotparser: RobotParser, request: Request) -> None:
        """Slow the host's slot down."""
        delay = robotparser.crawl_delay(self._crawler.settings["USER_AGENT"])
        assert self._crawler.engine is not None
        slot = self._crawler.engine.downloader.slots.get(urlparse_cached(request).hostname or "")
        if slot and delay and delay > slot.delay:
            slot.delay = delay
