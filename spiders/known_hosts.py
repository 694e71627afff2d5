"""Keeps to the hosts of the site file, redirects included."""

from scrapy import Request, Spider
from scrapy.downloadermiddlewares.offsite import OffsiteMiddleware
from scrapy.utils.httpobj import urlparse_cached


class KnownHosts(OffsiteMiddleware):
    """Scrapy's own offsite filter, by the site file, and never in silence.

    Scrapy drops such a request when it is scheduled and tells nobody, so its article would have no outcome. Here it is
    refused on the way to the downloader, where the errback hears of it.
    """

    def should_follow(self, request: Request, spider: Spider) -> bool:
        """Ask the site file."""
        return bool(spider.run.site.allows(urlparse_cached(request).hostname or ""))  # type: ignore[attr-defined]

    def request_scheduled(self, request: Request, spider: Spider) -> None:
        """Let it pass here."""
