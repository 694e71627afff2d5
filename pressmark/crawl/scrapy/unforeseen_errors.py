"""Unforeseen errors: whatever breaks in a callback or a step, the run must not end green."""

import logging
from typing import Any, Self

from scrapy import signals
from scrapy.crawler import Crawler
from twisted.python.failure import Failure

from pressmark.errors import PressmarkError, RunFailed


class UnforeseenErrorsExtension:
    """An extension that fails the run for every exception that Scrapy would only log."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        crawler.signals.connect(self.told, signals.spider_error)
        crawler.signals.connect(self.told, signals.item_error)
        logging.getLogger("scrapy.core.scraper").addFilter(_in_words)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Listen to the crawler's signals."""
        return cls(crawler)

    def told(self, failure: Failure, response: Any = None) -> None:
        """Fail the run; end it, when the bucket or the disk is the reason."""
        run = self._crawler.spider.run  # type: ignore[union-attr]  # an error comes from a spider or its items
        error = failure.value
        where = f"at {response.url}: " if response else ""
        if isinstance(error, PressmarkError):
            run.break_off(error)
        else:
            run.fail(RunFailed(f"{where}{type(error).__name__}: {error}"))


def _in_words(record: logging.LogRecord) -> bool:
    """Log an error that says what to do without the traceback that Scrapy adds."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, PressmarkError):
        record.msg, record.args, record.exc_info = "%s", (str(error),), None
    return True
