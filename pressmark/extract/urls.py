"""Addresses as pages print them, and as they are asked for."""

import re
from urllib.parse import urldefrag, urljoin, urlsplit

import jsonschema_rs
from w3lib.url import safe_url_string

from pressmark.sites.hosts import one_spelling

LONGEST_NUMBER = 9
"""Digits of a page's number."""
_LONE_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
_is_uri = jsonschema_rs.validator_for({"type": "string", "format": "uri"}, validate_formats=True).is_valid
"""What the schema of documents takes for a URI."""


def absolute(base: str, href: str) -> str | None:
    """Return the absolute http(s) URL of a printed address, as it is sent: without fragment; None for what is none."""
    if not (href := href.strip()):
        return None
    try:
        url = as_uri(str(safe_url_string(urljoin(base, href))))
    except ValueError:
        return None
    return url if url and url.startswith(("http:", "https:")) else None


def as_uri(url: str) -> str | None:
    """Return an address as a URI (RFC 3986) without its fragment; None if it can be none.

    A `%` that begins no escape is one itself. Browsers send it as it is; servers and replay tools take both alike.
    """
    uri = _LONE_PERCENT.sub("%25", urldefrag(url).url)
    return uri if _is_uri(uri) else None


def redirect_target(url: str, location: str) -> str:
    """Return the URL that a redirect leads to, as the crawl asks for it and the archive records it.

    Raises:
        ValueError: it is none that is ever asked for.
    """
    return one_spelling(safe_url_string(urljoin(url, safe_url_string(location))))


def plain(url: str) -> str:
    """Return a URL without query and fragment."""
    return urlsplit(url)._replace(query="", fragment="").geturl()


def page_of(url: str, number: int) -> str:
    """Return the address of an article's page by that of another, without its query."""
    return re.sub(r"(?:_\d+)?(\.\w+)$", rf"_{number}\1" if number > 1 else r"\1", plain(url))
