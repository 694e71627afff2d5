"""URLs as pages print them, and as they are requested."""

import re
from urllib.parse import urldefrag, urljoin, urlsplit

import jsonschema_rs
from w3lib.url import safe_url_string

from pressmark.sites.hosts import normalized_url

LONGEST_NUMBER = 9
"""Digits of a page's number."""
_LONE_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
_is_uri = jsonschema_rs.validator_for({"type": "string", "format": "uri"}, validate_formats=True).is_valid
"""Whether the schema of documents accepts a text as a URI."""


def absolute_url(base: str, href: str) -> str | None:
    """Return the absolute http(s) URL of a link, as it is requested: without fragment; None if it is invalid."""
    if not (href := href.strip()):
        return None
    try:
        url = as_uri(str(safe_url_string(urljoin(base, href))))
    except ValueError:
        return None
    return url if url and url.startswith(("http:", "https:")) else None


def as_uri(url: str) -> str | None:
    """Return a URL as a URI (RFC 3986) without its fragment; None if that is impossible.

    A `%` that starts no escape is escaped. Browsers send it as it is; servers and replay tools treat both alike.
    """
    uri = _LONE_PERCENT.sub("%25", urldefrag(url).url)
    return uri if _is_uri(uri) else None


def redirect_target(url: str, location: str) -> str:
    """Return the target of a redirect, as the crawl requests it and the archive records it.

    Raises:
        ValueError: the crawl never requests such a URL.
    """
    return normalized_url(safe_url_string(urljoin(url, safe_url_string(location))))


def without_query(url: str) -> str:
    """Return a URL without query and fragment."""
    return urlsplit(url)._replace(query="", fragment="").geturl()


def page_url(url: str, number: int) -> str:
    """Return the URL of an article's page, given that of another page; without query."""
    return re.sub(r"(?:_\d+)?(\.\w+)$", rf"_{number}\1" if number > 1 else r"\1", without_query(url))
