"""The image candidates of a `srcset` attribute, by the algorithm of the HTML standard, in linear time."""

import re
from collections.abc import Iterator

_SPACES = " \t\n\f\r"
_URL = re.compile(rf"[{_SPACES},]*+([^{_SPACES}]++)")
_PART = re.compile(r"[ \t\n\f\r]++|,|\(|[^ \t\n\f\r,(]++")
_WIDTH_OR_HEIGHT = re.compile(r"0*[1-9][0-9]*[wh]")
_DENSITY = re.compile(r"(?:-(?=[0.]++[eEx]))?(?:[0-9]++(?:\.[0-9]++)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?x")
"""A valid floating-point number that is not negative; `-0x` is valid."""


def urls_of_srcset(value: str) -> Iterator[str]:
    """Return the URLs of the candidates that a browser may choose (HTML standard, 4.8.4.3.9, "parse a srcset").

    A candidate with invalid descriptors is left out, as in the standard.
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
    """Return the descriptors up to the next comma, and the position after it."""
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
"""Descriptors of a candidate; more are always invalid."""


def _are_valid(descriptors: list[str]) -> bool:
    """Return whether there is at most one width or density, and a height only with a width."""
    kinds = sorted(each[-1] for each in descriptors)
    return kinds in ([], ["w"], ["h", "w"], ["x"]) and all(
        _WIDTH_OR_HEIGHT.fullmatch(each) or _DENSITY.fullmatch(each) for each in descriptors
    )
