"""What all spiders share: the run they serve, and the process that reads pages for them."""

from typing import Any

from scrapy import Spider

from pressmark.crawl.state.run import Run
from pressmark.extract.page_reader import PageReader
from pressmark.spiders.listing_pages import ListingPages


class ReadingSpider(Spider):
    """A spider whose pages are read by a process of their own; it ends with the spider."""

    def __init__(self, run: Run, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.run = run
        self.reader = PageReader(run.site)
        self.listings = ListingPages(run, self.reader)

    def stop_reading(self) -> None:
        """Let what is being read end within moments, and read no more; for a crawl that is asked to stop."""
        self.reader.stop()

    def closed(self, reason: str) -> None:
        """End the process; Scrapy calls this when the spider is closed."""
        self.reader.close()
