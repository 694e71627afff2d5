"""Finds the requisites of a page: stylesheets, scripts, images, films, fonts."""

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any

from pressmark.extract.html.css_links import urls_of_css
from pressmark.extract.html.srcset import urls_of_srcset
from pressmark.extract.urls import absolute_url

RELATIONS = frozenset(
    {
        *("stylesheet", "icon", "apple-touch-icon", "apple-touch-icon-precomposed", "mask-icon"),
        *("preload", "modulepreload"),
    }
)
"""Relations of a `link` to a requisite, in lower case (HTML standard, 4.6.7)."""
SOURCES = {
    "script": ("src",),
    "img": ("src", "data-src"),
    "input": ("src",),
    "video": ("src", "data-src", "poster", "data-poster"),
    "audio": ("src", "data-src"),
    "source": ("src", "data-src"),
    "track": ("src",),
    "object": ("data",),
    "image": ("href", "xlink:href"),
    "body": ("background",),
}
"""Attributes with a URL, by element; scripts copy `data-src` to `src` when the page is scrolled."""
SOURCE_SETS = {
    "img": ("srcset", "data-srcset"),
    "source": ("srcset", "data-srcset"),
    "link": ("imagesrcset",),
}
LONGEST = 8_192
"""Characters of a URL; longer ones, such as those of `data:`, are never requested."""


def requisites_of(page: Any, base_url: str, most: int) -> tuple[str, ...]:
    """Return the absolute URLs of a page's requisites, each once: sources, then source sets, then those in its styles.

    Args:
        page: the root of its tree.
        base_url: the base of its links.
        most: how many links to read; one that is printed twice counts twice.
    """
    return absolute_urls(chain(_sources(page), _source_sets(page), _in_styles(page)), base_url, most)


def absolute_urls(found: Iterable[str], base_url: str, most: int) -> tuple[str, ...]:
    """Return the first `most` links as absolute URLs without fragment, each once, in order.

    Later ones are not read at all: a page can print one link a million times.
    """
    printed = dict.fromkeys(each for each in islice(filter(None, found), most) if _is_address(each))
    return tuple(dict.fromkeys(filter(None, (absolute_url(base_url, each) for each in printed))))


def _is_address(printed: str) -> bool:
    return len(printed) <= LONGEST and not printed.lstrip()[:5].lower().startswith(("data:", "blob:"))


def _sources(page: Any) -> Iterator[str]:
    for element in page.iter("link", *SOURCES):
        if element.tag == "link":
            if RELATIONS & set(element.get("rel", "").lower().split()):
                yield element.get("href", "")
        elif element.tag != "input" or element.get("type", "").strip().lower() == "image":
            yield from (element.get(name, "") for name in SOURCES[element.tag])


def _source_sets(page: Any) -> Iterator[str]:
    for element in page.iter(*SOURCE_SETS):
        for name in SOURCE_SETS[element.tag]:
            yield from urls_of_srcset(element.get(name, ""))


def _in_styles(page: Any) -> Iterator[str]:
    for style in page.iter("style"):
        yield from urls_of_css(style.text or "")
    for value in page.xpath("//@style"):
        yield from urls_of_css(value)
