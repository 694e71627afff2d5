"""The image candidates of a `srcset` attribute, by the HTML standard's own algorithm, in linear time."""

import re
from collections.abc import Iterator

_SPACES = " \t\n\f\r"
_URL = re.compile(rf"[{_SPACES},]*+([^{_SPACES}]++)")
_PART = re.compile(r"[ \t\n\f\r]++|,|\(|[^ \t\n\f\r,(]++")
_WIDTH_OR_HEIGHT = re.compile(r"0*[1-9][0-9]*[wh]")
_DENSITY = re.compile(r"(?:-(?=[0.]++[eEx]))?(?:[0-9]++(?:\.[0-9]++)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?x")
"""A valid floating-point number, not below 0; `-0x` is one."""


def urls_of_srcset(value: str) -> Iterator[str]:
    """Return the URLs of the candidates that a browser may choose (HTML standard, 4.8.4.3.9, "parse a srcset").

    A candidate whose descriptors are invalid is none, as there.
    """
    position = 0
    while found := _URL.match(value, position):
        url, position = found[1], found.end()
        if url.endswith(","):
            yield from filter(None, [url.rstrip(",")])
            continue
        descriptors, position = _descriptors(value, position)
        if _are_valid(descriptors):
            yield url


def _descriptors(value: str, position: int) -> tuple[list[str], int]:
    """Return the descriptors from here to the comma that ends them, and the place behind it."""
    found: list[str] = []
    current = ""
    while part := _PART.match(value, position):
        position = part.end()
        match part[0]:
            case ",":
                break
            case "(":
                end = value.find(")", position)
                position, current = (len(value) if end < 0 else end + 1), current + "("
            case text if text[0] in _SPACES:
                found, current = [*found, current][: _MOST + 1] if current else found, ""
            case text:
                current += text
    return ([*found, current] if current else found), position


_MOST = 3
"""Descriptors of a candidate: more are invalid, whatever they are."""


def _are_valid(descriptors: list[str]) -> bool:
    """At most one width or density, and a height only beside a width; anything else makes the candidate invalid."""
    kinds = sorted(each[-1] for each in descriptors)
    return kinds in ([], ["w"], ["h", "w"], ["x"]) and all(
        _WIDTH_OR_HEIGHT.fullmatch(each) or _DENSITY.fullmatch(each) for each in descriptors
    )
