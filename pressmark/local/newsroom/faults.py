"""Faults that can be injected into responses, and for how many requests."""

import re
from collections import defaultdict
from enum import StrEnum
from typing import Final

import attrs


class FaultKind(StrEnum):
    """One kind of wrong response."""

    STATUS_500 = "status-500"
    TOO_MANY_REQUESTS = "too-many-requests"
    """429 with `Retry-After: 1`."""
    CUT_BODY = "cut-body"
    """The connection closes after half of the promised Content-Length."""
    SLOW_BODY = "slow-body"
    """24 pieces with a pause between them (`Newsroom.slow_pause`, 0.25 s: 6 s in all)."""
    WRONG_CHARSET = "wrong-charset"
    """The header says iso-8859-1, the page is UTF-8."""
    BOGUS_CHARSET = "bogus-charset"
    """The header names a charset that does not exist."""
    GZIP_GARBAGE = "gzip-garbage"
    """`Content-Encoding: gzip`, and the body is no gzip."""
    REDIRECT_LOOP = "redirect-loop"
    """302 to the same path with `?again=1`, then 2, then back without one."""
    NO_HEADLINE = "no-headline"
    """An article without `h1` and titles in its head."""
    NO_BODY = "no-body"
    """An article whose `#Content` has only the page frame."""
    WRONG_CONTENTID = "wrong-contentid"
    """The meta `contentid` is that of another article."""
    EMPTY_LISTING = "empty-listing"
    """A listing with its page frame and no entry."""
    MANGLED = "mangled"
    """HTML that ends in the middle, with unclosed tags."""


ARTICLE_FAULTS: Final = frozenset({FaultKind.NO_HEADLINE, FaultKind.NO_BODY, FaultKind.WRONG_CONTENTID})
"""Faults of article pages only."""

_ARTICLE_PATH: Final = re.compile(r"/a/\d{6}/\d{2}/WS[0-9a-f]{24}(_\d+)?\.html")
_LISTING_PATH: Final = re.compile(r"/world/[\w-]+(/page_\d+\.html)?")


@attrs.define
class _Fault:
    kind: FaultKind
    left: int | None


class Faults:
    """Faults that wait for requests; those of one path are used one after the other."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, list[_Fault]] = defaultdict(list)

    def add(self, path: str, kind: FaultKind, times: int | None) -> None:
        """Inject a fault into the next requests of the path; ValueError if that kind can't happen there."""
        if not path.startswith("/") or path.startswith("/-/"):
            raise ValueError(f"{path!r} is no path of the site: it must begin with / and not with /-/")
        if times is not None and times < 1:
            raise ValueError(f"times is {times}: it must be at least 1, or none for all requests")
        if kind in ARTICLE_FAULTS and not _ARTICLE_PATH.fullmatch(path):
            raise ValueError(f"{kind} can only happen to an article page, which {path} is not")
        if kind is FaultKind.EMPTY_LISTING and not _LISTING_PATH.fullmatch(path):
            raise ValueError(f"{kind} can only happen to a listing page, which {path} is not")
        self._waiting[path].append(_Fault(kind, times))

    def take(self, path: str) -> FaultKind | None:
        """Return the fault of this request of the path, and count it."""
        if path not in self._waiting:
            return None
        fault = self._waiting[path][0]
        if fault.left is not None:
            fault.left -= 1
            if fault.left == 0:
                del self._waiting[path][0]
                if not self._waiting[path]:
                    del self._waiting[path]
        return fault.kind

    def clear(self) -> int:
        """Remove all faults and return how many there were."""
        cleared = self.waiting
        self._waiting.clear()
        return cleared

    @property
    def waiting(self) -> int:
        """How many faults wait."""
        return sum(len(faults) for faults in self._waiting.values())
