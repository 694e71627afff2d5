"""Resolves host names to allowed addresses only."""

from collections.abc import Sequence
from typing import Any, Self
from urllib.parse import urlsplit
from urllib.request import getproxies

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import CannotResolveHostError
from scrapy.utils.httpobj import urlparse_cached
from twisted.internet.interfaces import IHostnameResolver, IResolutionReceiver
from zope.interface import implementer

from pressmark.crawl.scrapy.download_errors import Refused
from pressmark.crawl.scrapy.known_hosts import not_public
from pressmark.sites.address_rule import AddressRule

ALLOWED = "ALLOWED_ADDRESSES"
"""The Scrapy setting with the allowed networks besides the public ones."""


@implementer(IHostnameResolver)
class CheckedResolver:
    """The system's resolver, with a check of its results before any connection.

    The connection goes to the checked address, so a name whose address changes in between (DNS rebinding) gains
    nothing. A proxy from the environment may have any address: it belongs to the operator, and decides itself what
    it connects to.
    """

    def __init__(self, reactor: Any, rule: AddressRule) -> None:
        self._reactor, self._rule = reactor, rule
        self._system: Any = reactor.nameResolver
        self._proxies = {_name(urlsplit(url).hostname or "") for url in getproxies().values() if "://" in url}
        self._refused: dict[str, str] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: Any) -> Self:
        """Take the networks from the settings."""
        return cls(reactor, AddressRule.of(crawler.settings.getlist(ALLOWED)))

    def install_on_reactor(self) -> None:
        """Replace the reactor's resolver."""
        self._reactor.installNameResolver(self)

    def refusal(self, host: str) -> str | None:
        """Return why all addresses of a name were refused when it was last resolved; None if they were not."""
        return self._refused.get(_name(host))

    def resolveHostName(
        self,
        resolutionReceiver: Any,
        hostName: str,
        portNumber: int = 0,
        addressTypes: Sequence[Any] | None = None,
        transportSemantics: str = "TCP",
    ) -> Any:
        """Resolve a name or an address in any spelling; see `IHostnameResolver`."""
        name = _name(hostName)
        if name not in self._proxies:
            self._refused.pop(name, None)
            resolutionReceiver = _Checked(resolutionReceiver, self._rule, self._refused, name)
        return self._system.resolveHostName(resolutionReceiver, hostName, portNumber, addressTypes, transportSemantics)


@implementer(IResolutionReceiver)
class _Checked:
    """Passes on allowed addresses only."""

    def __init__(self, receiver: Any, rule: AddressRule, refused: dict[str, str], name: str) -> None:
        self._receiver, self._rule, self._refused, self._name = receiver, rule, refused, name
        self._passed = False

    def resolutionBegan(self, resolutionInProgress: Any) -> None:
        self._receiver.resolutionBegan(resolutionInProgress)

    def addressResolved(self, address: Any) -> None:
        if reason := self._rule.refusal(address.host):
            self._refused.setdefault(self._name, reason)
            return
        self._passed = True
        self._receiver.addressResolved(address)

    def resolutionComplete(self) -> None:
        if self._passed:
            self._refused.pop(self._name, None)
        self._receiver.resolutionComplete()


class RefusedAddressesMiddleware:
    """A downloader middleware that reports a name whose addresses were all refused."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build it for Scrapy."""
        return cls()

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Check a failure to resolve a name.

        Raises:
            Refused: all addresses of the host are refused.
        """
        from twisted.internet import reactor

        resolver = reactor.nameResolver
        if not isinstance(exception, CannotResolveHostError) or not isinstance(resolver, CheckedResolver):
            return
        host = urlparse_cached(request).hostname or ""
        if reason := resolver.refusal(host):
            raise Refused("address-refused", f"{host}: {not_public(reason)}") from exception


def _name(host: str) -> str:
    """Return a name as a key: Twisted passes on the punycode of a URL as Unicode."""
    try:
        return host.encode("idna").decode().lower().removesuffix(".")
    except UnicodeError:
        return host.lower()
