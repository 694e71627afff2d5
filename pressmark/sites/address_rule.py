"""Which IP addresses a crawl may connect to: public addresses, and those that its site file allows.

The refused networks come from the IANA registries of special-purpose addresses (RFC 6890), plus multicast and
unassigned addresses. A site controls its DNS records and links; without this rule it could send requests into the
network of the crawling machine.
"""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import attrs

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_IPV4 = {
    IPv4Network(network): kind
    for network, kind in {
        "0.0.0.0/8": "an unspecified",
        "10.0.0.0/8": "a private",
        "100.64.0.0/10": "a shared",  # RFC 6598; a cloud's metadata at 100.100.100.200
        "127.0.0.0/8": "a loopback",
        "168.63.129.16/32": "a cloud's metadata",
        "169.254.0.0/16": "a link-local",  # clouds' metadata at 169.254.169.254
        "172.16.0.0/12": "a private",
        "192.0.0.0/24": "a reserved",
        "192.0.2.0/24": "a reserved",
        "192.88.99.0/24": "a reserved",
        "192.168.0.0/16": "a private",
        "198.18.0.0/15": "a reserved",
        "198.51.100.0/24": "a reserved",
        "203.0.113.0/24": "a reserved",
        "224.0.0.0/4": "a multicast",
        "240.0.0.0/4": "a reserved",
    }.items()
}
_IPV6 = {
    IPv6Network(network): kind
    for network, kind in {
        "::/128": "an unspecified",
        "::1/128": "a loopback",
        "fc00::/7": "a private",  # clouds' metadata at fd00:ec2::254
        "fe80::/10": "a link-local",
        "ff00::/8": "a multicast",
        "2001::/23": "a reserved",  # Teredo too
        "2001:db8::/32": "a reserved",
        "3fff::/20": "a reserved",
    }.items()
}
_PUBLIC_IPV6 = IPv6Network("2000::/3")
"""Global unicast addresses (RFC 4291, 2.4)."""
_MAPPED, _TRANSLATED = IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96")
_6TO4 = IPv6Network("2002::/16")


@attrs.frozen
class AddressRule:
    """Allows public addresses and some other networks."""

    networks: tuple[Network, ...] = ()

    @classmethod
    def of(cls, networks: Iterable[str]) -> "AddressRule":
        """Build a rule that allows these networks too, e.g. `127.0.0.0/8`.

        Raises:
            ValueError: one is invalid, or names a host in the network (`127.0.0.1/8`).
        """
        return cls(tuple(map(ip_network, networks)))

    def refusal(self, address: str) -> str | None:
        """Return why an address is refused, e.g. `127.0.0.1 is a loopback address`; None if it is allowed."""
        return _refusal(self.networks, address)


@lru_cache(maxsize=4096)
def _refusal(networks: tuple[Network, ...], text: str) -> str | None:
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return f"{text!r} is no IP address"
    meant = _carried(address)
    if any(each in network for network in networks for each in {address, meant}):
        return None
    kind = _kind(meant)
    return f"{text} is {kind} address" if kind else None


def _carried(address: Address) -> Address:
    """Return the IPv4 address embedded in an IPv6 one, else itself (RFC 4291, 2.5.5.2; RFC 6052, 2.1; RFC 3056, 2)."""
    if isinstance(address, IPv4Address):
        return address
    if address in _MAPPED or address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if address in _6TO4:
        return IPv4Address(int(address) >> 80 & 0xFFFFFFFF)
    return address


def _kind(address: Address) -> str | None:
    known: dict[IPv4Network, str] | dict[IPv6Network, str] = _IPV4 if isinstance(address, IPv4Address) else _IPV6
    for network, kind in known.items():
        if address in network:
            return kind
    return "a reserved" if isinstance(address, IPv6Address) and address not in _PUBLIC_IPV6 else None
