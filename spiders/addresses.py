"""Addresses as pages print them, and as they are asked for."""

from urllib.parse import urljoin

from w3lib.url import safe_url_string


def absolute(base: str, href: str) -> str | None:
    """Return the absolute http(s) URL of a printed address, as it is sent; None for what is none."""
    if not (href := href.strip()):
        return None
    try:
        url = str(safe_url_string(urljoin(base, href)))
    except ValueError:
        return None
    return url if url.startswith(("http:", "https:")) else None
