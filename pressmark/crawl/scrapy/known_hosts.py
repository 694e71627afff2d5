"""Restricts requests and redirects to the hosts and ports of the site file."""

from typing import Self

from scrapy import Request
from scrapy.core.downloader import Downloader
from scrapy.crawler import Crawler

from pressmark.crawl.scrapy.download_errors import Refused
from pressmark.crawl.state.parts import CrawlParts
from pressmark.extract.urls import as_uri
from pressmark.sites.address_rule import AddressRule
from pressmark.sites.hosts import PORTS, RefusedAddress, Server, address_of, normalized_url, server_of
from pressmark.sites.site import LONGEST_URL, Site

ANY_HOST = "any_host"
"""Key in a request's meta: any host is allowed, on the default port; robots.txt may be redirected to it."""


class KnownHostsMiddleware:
    """A downloader middleware, before all others: it checks every request, and a refused one has an outcome.

    Scrapy's own filter (OffsiteMiddleware) silently drops a request when it is scheduled, compares no ports, and
    accepts everything with `dont_filter`: each retry, and each redirect of a retry.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._address_rule = AddressRule.of(site.allow_addresses)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Take the site of the crawl."""
        return cls(CrawlParts.of(crawler).run.site)

    def process_request(self, request: Request) -> Request | None:
        """Refuse a request to another server; replace one whose URL has a different spelling.

        Raises:
            Refused: it must not be sent.
        """
        try:
            self._check(request)
            spelled = normalized_url(request.url)
        except RefusedAddress as error:
            raise Refused(error.reason, str(error)) from error
        # A redirect keeps the download slot, and so the delay, of the host that it comes from.
        request.meta.pop(Downloader.DOWNLOAD_SLOT, None)
        return request.replace(url=spelled) if spelled != request.url else None

    def _check(self, request: Request) -> None:
        server = server_of(request.url)
        refusal = self._site.refusal(request.url)
        if refusal and not (request.meta.get(ANY_HOST) and server.port == PORTS[server.scheme]):
            raise refusal
        _check_address(self._address_rule, server)


def _check_address(rule: AddressRule, server: Server) -> None:
    """Refuse an IP address here: with a proxy, the resolver never sees it."""
    if address_of(server.host) and (reason := rule.refusal(server.host)):
        raise RefusedAddress("address-refused", not_public(reason))


def not_public(reason: str) -> str:
    """Return the message for a refused address."""
    return f"{reason}: only public addresses are allowed, and those of `allow_addresses` in the site file"


class RequestUrlMiddleware:
    """A downloader middleware for all requests, including redirects."""

    def process_request(self, request: Request) -> Request | None:
        """Remove the fragment of a request's URL: it is not sent (RFC 9110, 4.2.4).

        Raises:
            Refused: its URL is too long or invalid; this calls the errback.
        """
        if len(request.url) > LONGEST_URL:
            raise Refused("url-too-long", f"{request.url[:100]}... has more than {LONGEST_URL:,} characters")
        uri = as_uri(request.url)
        if uri is None:
            raise Refused("no-url", f"{request.url} is no URI")
        return request.replace(url=uri) if uri != request.url else None
