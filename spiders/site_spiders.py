"""Each site as a spider of its own, for Scrapy's tools: pages are read as a crawl reads them, and nothing is stored.

scrapy list                       the sites
scrapy parse URL                  what the page classes read from an article or listing page
scrapy shell URL                  then: from pressmark.spiders.site_spiders import page_of; page_of(response).headline
scrapy crawl SITE -O items.jsonl  the first listing page of each section, and its articles
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from scrapy import Request, Spider
from scrapy.http import Response
from web_poet import HttpResponseHeaders

from pressmark.config import Config
from pressmark.crawl.scrapy.content_decoding import fetched_page
from pressmark.extract.layouts import layout_of, page_response
from pressmark.extract.page_reader import PageReader
from pressmark.extract.pages import ArticlePage, ListingPage
from pressmark.sites.site import Site
from pressmark.sites.site_files import load_sites


class SiteSpider(Spider):
    """Reads the pages of one site; items are Articles (`pressmark.model.article`)."""

    site: Site

    def __init__(self, name: str | None = None, **kwargs: Any) -> None:
        super().__init__(name, **kwargs)
        self._reader = PageReader(self.site)

    @classmethod
    def handles_request(cls, request: Request) -> bool:
        """Whether the site file allows this request; `scrapy parse` and `shell` choose the spider by it."""
        return cls.site.allows(request.url)

    async def start(self) -> AsyncIterator[Request]:
        """Request the first listing page of each section."""
        for section in self.site.enabled.values():
            yield Request(self.site.listing_url(section, 1), dont_filter=True)

    async def parse(self, response: Response, **kwargs: Any) -> AsyncIterator[Any]:
        """Yield the article of an article page, or a request for each article of a listing page."""
        layout, page = layout_of(self.site), fetched_page(response)
        if self.site.article_match(response.url):  # Of an article of several pages, this one.
            page_class = layout.article_page(datetime.now(UTC))
            read = await self._reader.run_in_thread(self._reader.article_page, page_class, page)
            if read.article:
                yield read.article
            else:
                self.logger.warning("%s is no article: %s", response.url, read.rejected)
            return
        listing = await self._reader.run_in_thread(self._reader.listing, layout.listing, page)
        for entry in listing.entries:
            yield Request(entry.url)

    def page_of(self, response: Response) -> ArticlePage | ListingPage:
        """Return a response as an object of the site's page class, to look at its fields."""
        page, layout = fetched_page(response), layout_of(self.site)
        html = page_response(page.url, page.body, page.status, HttpResponseHeaders(page.headers))
        is_article = self.site.article_match(response.url)
        return (layout.article_page(datetime.now(UTC)) if is_article else layout.listing)(html, site=self.site)

    def closed(self, reason: str) -> None:
        """End the process that reads pages."""
        self._reader.close()


def _spider_of(site: Site) -> type[SiteSpider]:
    politeness = site.politeness
    facts = {
        "__module__": __name__,
        "__doc__": f"{site.title}, {site.origin}",
        "name": site.site,
        "site": site,
        "allowed_domains": [host.lstrip(".").partition(":")[0] for host in site.hosts],
        "custom_settings": {
            "CONCURRENT_REQUESTS": politeness.concurrency,
            "CONCURRENT_REQUESTS_PER_DOMAIN": politeness.concurrency,
            "DOWNLOAD_DELAY": politeness.delay,
            "DOWNLOAD_TIMEOUT": politeness.timeout,
        },
    }
    return type(f"{site.site.title().replace('-', '')}Spider", (SiteSpider,), facts)


SPIDERS = tuple(map(_spider_of, load_sites(Config.read().sites).values()))
globals().update({spider.__name__: spider for spider in SPIDERS})  # Scrapy finds spiders by the names of a module.
