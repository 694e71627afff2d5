"""A binary search for the listing pages of some days: listings go from the newest article to the oldest.

It uses no network. `next(search)` returns the number of the first page to probe, `search.send(probe)` the next one.
`StopIteration.value` is the result. A section of n pages takes about 2 log2(n) probes.
"""

import math
from collections.abc import Callable, Generator

import attrs


@attrs.frozen(kw_only=True)
class Probe:
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


def search_pages(since: str, until: str) -> Generator[int, Probe, tuple[int, int] | None]:
    """Find the pages with articles of these days (`YYYY/MM/DD`, inclusive).

    Returns:
        The first and the last of them, each extended by one page if there is one: articles move to later pages as new
        ones are published. None if no article is of these days.
    """
    listing = _Listing(since, until)
    end = yield from listing.end()
    older = yield from listing.first_page(listing.older, end)
    first = yield from listing.first_page(listing.not_newer, older - 1)
    last = older - 1
    # A page of mostly older or newer articles may have some of these days at its edge.
    if first > 1 and listing.wanted((yield from listing.probe(first - 1))):
        first -= 1
    if older <= end and listing.wanted((yield from listing.probe(older))):
        last = older
    return (max(1, first - 1), int(min(last + 1, listing.at_most()))) if first <= last else None


@attrs.frozen
class _Listing:
    """What the search has learnt about a section's listing."""

    since: str
    until: str
    probes: dict[int, Probe] = attrs.field(factory=dict, init=False)

    def older(self, probe: Probe) -> bool:
        return not probe.days or probe.day < self.since

    def not_newer(self, probe: Probe) -> bool:
        return not probe.days or probe.day <= self.until

    def wanted(self, probe: Probe) -> bool:
        return any(self.since <= day <= self.until for day in probe.days)

    def probe(self, page: int) -> Generator[int, Probe, Probe]:
        if page not in self.probes:
            self.probes[page] = yield page
        return self.probes[page]

    def end(self) -> Generator[int, Probe, int]:
        """Return an upper bound for the search: the last page, if the first page prints it, else found by doubling."""
        end = (yield from self.probe(1)).pages or 1
        while not (self.probes[1].pages or self.probes[end].last or self.older(self.probes[end])):
            end *= 2
            yield from self.probe(end)
        return end

    def first_page(self, holds: Callable[[Probe], bool], end: int) -> Generator[int, Probe, int]:
        """Return the first page up to `end` for which `holds` is true, as for all later ones; else `end + 1`."""
        low = max((page + 1 for page, probe in self.probes.items() if not holds(probe)), default=1)
        high = min((page for page, probe in self.probes.items() if holds(probe)), default=end + 1)
        while low < high:
            middle = (low + high) // 2
            if holds((yield from self.probe(middle))):
                high = middle
            else:
                low = middle + 1
        return low

    def at_most(self) -> float:
        """Return the number of the last page, as far as known; else infinity."""
        ends = [page if probe.days else page - 1 for page, probe in self.probes.items() if probe.last]
        return min([self.probes[1].pages or math.inf, *ends])
