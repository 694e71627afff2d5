"""Keeps to the hosts and ports of the site file, redirects included."""

from typing import Self

from scrapy import Request
from scrapy.core.downloader import Downloader
from scrapy.crawler import Crawler

from pressmark.crawl.scrapy.download_errors import Refused
from pressmark.crawl.state.parts import CrawlParts
from pressmark.extract.urls import as_uri
from pressmark.sites.address_rule import AddressRule
from pressmark.sites.hosts import PORTS, RefusedAddress, Server, address_of, one_spelling, server_of
from pressmark.sites.site import LONGEST_URL, Site

ANY_HOST = "any_host"
"""A request's meta may say that it is allowed on any host, at the scheme's own port: robots.txt is redirected so."""


class KnownHostsMiddleware:
    """A downloader middleware, before all others: what it refuses has an outcome, and nothing passes by it.

    Scrapy's own filter (OffsiteMiddleware) drops a request without a word when it is scheduled, compares no ports, and
    lets everything pass that bears `dont_filter`, as each retry does, and each redirect of a retry.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._address_rule = AddressRule.of(site.allow_addresses)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Take the site of the crawl."""
        return cls(CrawlParts.of(crawler).run.site)

    def process_request(self, request: Request) -> Request | None:
        """Refuse a request that leads elsewhere; send one whose URL is spelled otherwise again, in the one spelling.

        Raises:
            Refused: it is not to be sent.
        """
        try:
            self._check(request)
            spelled = one_spelling(request.url)
        except RefusedAddress as error:
            raise Refused(error.reason, str(error)) from error
        # A redirect carries the slot of the host that it comes from, whose delay is another.
        request.meta.pop(Downloader.DOWNLOAD_SLOT, None)
        return request.replace(url=spelled) if spelled != request.url else None

    def _check(self, request: Request) -> None:
        server = server_of(request.url)
        refusal = self._site.refusal(request.url)
        if refusal and not (request.meta.get(ANY_HOST) and server.port == PORTS[server.scheme]):
            raise refusal
        _check_address(self._address_rule, server)


def _check_address(rule: AddressRule, server: Server) -> None:
    """Refuse a literal address here already: behind a proxy, nobody resolves it."""
    if address_of(server.host) and (why := rule.refusal(server.host)):
        raise RefusedAddress("address-refused", not_public(why))


def not_public(why: str) -> str:
    """Return the message for an address that is refused."""
    return f"{why}: only public ones are asked, and those of `allow_addresses` in the site file"


class RequestUrlMiddleware:
    """A downloader middleware: it sees every request, those of redirects included."""

    def process_request(self, request: Request) -> Request | None:
        """Let a request pass, without its fragment, which is the reader's own business (RFC 9110, 4.2.4).

        Raises:
            Refused: its address is too long, or none; the errback hears of it.
        """
        if len(request.url) > LONGEST_URL:
            raise Refused("url-too-long", f"{request.url[:100]}... has more than {LONGEST_URL:,} characters")
        uri = as_uri(request.url)
        if uri is None:
            raise Refused("no-url", f"{request.url} is no URI")
        return request.replace(url=uri) if uri != request.url else None
