"""A binary search for the listing pages of some days: listings go from the newest article to the oldest.

It uses no network. `next(search)` returns the number of the first page to probe, `search.send(probe)` the next one.
`StopIteration.value` is the result. A section of n pages takes about 2 log2(n) probes.
"""

import math
from collections.abc import Callable, Generator

import attrs


@attrs.frozen(kw_only=True)
class Look:
    """What one listing page contains."""

    days: tuple[str, ...] = ()
    """Days of its articles (`YYYY/MM/DD`), in any order; empty if there is no such page."""
    pages: int | None = None
    """The number of pages of the section, if the page prints it."""
    last: bool = False
    """Whether it is the last page."""

    @property
    def day(self) -> str:
        """The median day: a stray article does not change it."""
        return sorted(self.days)[(len(self.days) - 1) // 2] if self.days else ""


def page_search(since: str, until: str) -> Generator[int, Look, tuple[int, int] | None]:
    """Find the pages with articles of these days (`YYYY/MM/DD`, inclusive).

    Returns:
        The first and the last of them, each extended by one page if there is one: articles move to later pages as new
        ones are published. None if no article is of these days.
    """
    listing = _Listing(since, until)
    end = yield from listing.end()
    behind = yield from listing.first_page(listing.older, end)
    first = yield from listing.first_page(listing.not_newer, behind - 1)
    last = behind - 1
    # A page of mostly older or newer articles may have some of these days at its edge.
    if first > 1 and listing.wanted((yield from listing.look_at(first - 1))):
        first -= 1
    if behind <= end and listing.wanted((yield from listing.look_at(behind))):
        last = behind
    return (max(1, first - 1), int(min(last + 1, listing.at_most()))) if first <= last else None


@attrs.frozen
class _Listing:
    """What the search has learnt about a section's listing."""

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
        """Return an upper bound for the search: the last page, if the first page prints it, else found by doubling."""
        end = (yield from self.look_at(1)).pages or 1
        while not (self.looks[1].pages or self.looks[end].last or self.older(self.looks[end])):
            end *= 2
            yield from self.look_at(end)
        return end

    def first_page(self, holds: Callable[[Look], bool], end: int) -> Generator[int, Look, int]:
        """Return the first page up to `end` for which `holds` is true, as for all later ones; else `end + 1`."""
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
        """Return the number of the last page, as far as known; else infinity."""
        ends = [page if look.days else page - 1 for page, look in self.looks.items() if look.last]
        return min([self.looks[1].pages or math.inf, *ends])
