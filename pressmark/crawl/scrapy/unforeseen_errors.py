"""Unexpected errors: an exception in a callback or pipeline must fail the run."""

import logging
from typing import Any, Self

from scrapy import signals
from scrapy.crawler import Crawler
from twisted.python.failure import Failure

from pressmark.crawl.state.parts import CrawlParts
from pressmark.crawl.state.run import RunStatus
from pressmark.errors import PressmarkError, RunFailed


class UnforeseenErrorsExtension:
    """An extension that fails the run on every exception that Scrapy would only log."""

    def __init__(self, crawler: Crawler, status: RunStatus) -> None:
        self._status = status
        crawler.signals.connect(self.on_error, signals.spider_error)
        crawler.signals.connect(self.on_error, signals.item_error)
        logging.getLogger("scrapy.core.scraper").addFilter(_without_traceback)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Take the status of the run."""
        return cls(crawler, CrawlParts.of(crawler).status)

    def on_error(self, failure: Failure, response: Any = None) -> None:
        """Fail the run; end it if the bucket or the disk failed."""
        error = failure.value
        where = f"at {response.url}: " if response else ""
        if isinstance(error, PressmarkError):
            self._status.abort(error)
        else:
            self._status.fail(RunFailed(f"{where}{type(error).__name__}: {error}"))


def _without_traceback(record: logging.LogRecord) -> bool:
    """Log an error of ours without the traceback that Scrapy adds: its message says what to do."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, PressmarkError):
        record.msg, record.args, record.exc_info = "%s", (str(error),), None
    return True
