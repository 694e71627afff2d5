"""The search for listing pages by day: bisecting page numbers, as listings go from the newest article to the oldest.

It knows no network. `next(search)` is the number of the first page to look at, `search.send(look)` that of the next;
the end (`StopIteration.value`) is what was found. With n pages it takes about 2 log2(n) looks.
"""

import math
from collections.abc import Callable, Generator

import attrs


@attrs.frozen(kw_only=True)
class Look:
    """What one look at a listing page tells."""

    days: tuple[str, ...] = ()
    """Days of its articles (`YYYY/MM/DD`), in any order; none if there is no such page."""
    pages: int | None = None
    """How many pages the section has, if the page says so."""
    last: bool = False
    """Whether no page follows."""

    @property
    def day(self) -> str:
        """The day in the middle: a stray article at an edge does not move it."""
        return sorted(self.days)[(len(self.days) - 1) // 2] if self.days else ""


def page_search(since: str, until: str) -> Generator[int, Look, tuple[int, int] | None]:
    """Find the pages that hold articles of these days (`YYYY/MM/DD`, inclusive).

    Returns:
        The first and the last of them, each with one page more beyond it, if there is one: articles move on to later
        pages while others are published. None if no article is of these days.
    """
    listing = _Listing(since, until)
    end = yield from listing.end()
    behind = yield from listing.first_page(listing.older, end)
    first = yield from listing.first_page(listing.not_newer, behind - 1)
    last = behind - 1
    # A page that is older, or newer, for the most part may hold some at its edge.
    if first > 1 and listing.wanted((yield from listing.look_at(first - 1))):
        first -= 1
    if behind <= end and listing.wanted((yield from listing.look_at(behind))):
        last = behind
    return (max(1, first - 1), int(min(last + 1, listing.at_most()))) if first <= last else None


@attrs.frozen
class _Listing:
    """What is known of a section's listing."""

    since: str
    until: str
    looks: dict[int, Look] = attrs.field(factory=dict, init=False)

    def older(self, look: Look) -> bool:
        return not look.days or look.day < self.since

    def not_newer(self, look: Look) -> bool:
        return not look.days or look.day <= self.until

    def wanted(self, look: Look) -> bool:
        return any(self.since <= day <= self.until for day in look.days)

    def look_at(self, page: int) -> Generator[int, Look, Look]:
        if page not in self.looks:
            self.looks[page] = yield page
        return self.looks[page]

    def end(self) -> Generator[int, Look, int]:
        """Return a page behind which none need be looked at: the last, if the first tells, else found by doubling."""
        end = (yield from self.look_at(1)).pages or 1
        while not (self.looks[1].pages or self.looks[end].last or self.older(self.looks[end])):
            end *= 2
            yield from self.look_at(end)
        return end

    def first_page(self, holds: Callable[[Look], bool], end: int) -> Generator[int, Look, int]:
        """Return the first page up to `end` of which it holds, as of all behind it; `end + 1` if there is none."""
        low = max((page + 1 for page, look in self.looks.items() if not holds(look)), default=1)
        high = min((page for page, look in self.looks.items() if holds(look)), default=end + 1)
        while low < high:
            middle = (low + high) // 2
            if holds((yield from self.look_at(middle))):
                high = middle
            else:
                low = middle + 1
        return low

    def at_most(self) -> float:
        """Return the number of the last page, as far as it is known."""
        ends = [page if look.days else page - 1 for page, look in self.looks.items() if look.last]
        return min([self.looks[1].pages or math.inf, *ends])
