"""Hosts: the normalized server of a URL, and whether a site file allows it.

Every check of a request's target uses a `Server`, never the text of a URL: the same server has many spellings
(`http://NEWS.example.:80/`, `http://2130706433/`).
"""

import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address

import attrs

PORTS = {"http": 80, "https": 443}
"""The allowed schemes and their default ports."""
LONGEST = 1024
"""Characters of a URL between `//` and its path; a host name has 253 at most (RFC 1035, 2.3.4)."""
_PARTS = re.compile(r"(https?)://([^/?#]*)(.*)", re.IGNORECASE | re.DOTALL)
_AUTHORITY = re.compile(r"(\[[0-9a-f:.]+\]|[^\[\]:@%\\\s\x00-\x20\x7f]+)(?::([0-9]*))?", re.IGNORECASE)
_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")


class RefusedAddress(ValueError):
    """A URL that is never requested: `reason` is a short name for counting, the message says why."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@attrs.frozen(order=True)
class Server:
    """The server of a request: scheme, host and port (an origin, RFC 6454, 4)."""

    scheme: str
    host: str
    """Lower case, punycode, without a trailing dot; IPv4 as four decimal parts, IPv6 compressed, without brackets."""
    port: int

    @property
    def authority(self) -> str:
        """Host and port as in a URL; the scheme's default port is left out."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}"


def server_of(url: str) -> Server:
    """Return the server of a URL.

    Raises:
        RefusedAddress: it is not an http or https URL (`offsite`), names a user (`userinfo`), or clients disagree
            about its host and port (`bad-address`).
    """
    return _split(url)[0]


def normalized_url(url: str) -> str:
    """Return a URL with a normalized server; its path and query do not change.

    Raises:
        RefusedAddress: as in `server_of`.
    """
    server, rest = _split(url)
    return f"{server}{rest if rest.startswith('/') else f'/{rest}'}"


def address_of(host: str) -> IPv4Address | IPv6Address | None:
    """Return the IP address of a normalized host; None if it is a name."""
    if ":" in host:
        return IPv6Address(host)
    return IPv4Address(host) if _NUMBER.fullmatch(host.rpartition(".")[2]) else None


def _split(url: str) -> tuple[Server, str]:
    parts = _PARTS.fullmatch(url)
    if not parts:
        raise RefusedAddress("offsite", "it is not an http or https address")
    return _server(parts[1].lower(), parts[2]), parts[3]


@lru_cache(maxsize=4096)
def _server(scheme: str, authority: str) -> Server:
    if len(authority) > LONGEST:
        raise RefusedAddress("bad-address", f"its host is longer than {LONGEST} characters")
    if "@" in authority:
        raise RefusedAddress("userinfo", "its address names a user, as in http://user@host/")
    match = _AUTHORITY.fullmatch(authority)
    host = match and _host(match[1])
    port = int(match[2] or PORTS[scheme]) if match and len(match[2] or "") <= len("65535") else 0
    if not host or not 0 < port < 1 << 16:
        raise RefusedAddress("bad-address", "its address has no host and port that all clients agree on")
    return Server(scheme, host, port)


def _host(text: str) -> str | None:
    if text.startswith("["):
        try:
            address = IPv6Address(text[1:-1])
        except AddressValueError:
            return None
        return str(address.ipv4_mapped or address)
    try:
        name = text.encode("idna").decode() if not text.isascii() else text
    except UnicodeError:
        return None
    name = name.lower().removesuffix(".")
    if not _NAME.fullmatch(name):
        return None
    return _ipv4(name) if _NUMBER.fullmatch(name.rpartition(".")[2]) else name


def _ipv4(text: str) -> str | None:
    """Read an IPv4 address like `inet_aton` and browsers (WHATWG URL, 3.5): `127.1`, `0177.0.0.1`, `0x7f000001`."""
    parts = text.split(".")
    if len(parts) > 4 or not all(_NUMBER.fullmatch(part) for part in parts):
        return None
    try:
        *first, last = (_number(part) for part in parts)
    except ValueError:
        return None
    if any(part > 255 for part in first) or last >= 256 ** (4 - len(first)):
        return None
    return str(IPv4Address(sum(part << 8 * (3 - place) for place, part in enumerate(first)) + last))


def _number(part: str) -> int:
    if part.startswith("0x"):
        return int(part[2:] or "0", 16)
    return int(part, 8 if len(part) > 1 and part.startswith("0") else 10)


@attrs.frozen
class AllowedHost:
    """One entry of a site file's `hosts`: `news.example`, `.news.example`, `news.example:8443`, `[::1]:8080`."""

    host: str
    subdomains: bool
    port: int | None
    """The only allowed port; None: the scheme's default."""

    @classmethod
    def read(cls, entry: str) -> "AllowedHost":
        """Read an entry.

        Raises:
            ValueError: it is invalid.
        """
        subdomains, text = entry.startswith("."), entry.removeprefix(".")
        match = _AUTHORITY.fullmatch(text)
        host = match and _host(match[1])
        if not match or not host or (subdomains and address_of(host)):
            raise ValueError(f"{entry!r} is no host: write `news.example`, `.news.example`, or one with `:port`")
        if match[2] is not None and not (match[2] and 0 < int(match[2]) < 1 << 16):
            raise ValueError(f"{entry!r} has no port from 1 to 65535")
        return cls(host, subdomains, int(match[2]) if match[2] else None)

    def names(self, host: str) -> bool:
        """Return whether the entry matches a host, whatever the port."""
        return host == self.host or (self.subdomains and host.endswith(f".{self.host}"))


@lru_cache(maxsize=64)
def allowed_hosts(hosts: tuple[str, ...]) -> tuple[AllowedHost, ...]:
    """Read the `hosts` of a site file.

    Raises:
        ValueError: an entry is invalid.
    """
    return tuple(map(AllowedHost.read, hosts))


def allows(server: Server, *, origin: Server, hosts: tuple[AllowedHost, ...]) -> bool:
    """Return whether a server may be requested: its host and its port must be allowed.

    An entry of `hosts` without a port allows the scheme's default port and, for the site's origin, the origin's port.
    """
    ports = {None, server.port} if server.port == PORTS[server.scheme] or server == origin else {server.port}
    return any(each.port in ports and each.names(server.host) for each in hosts)
