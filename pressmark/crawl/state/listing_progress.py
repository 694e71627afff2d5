"""How far a run has read the listing of its section."""

from collections.abc import Iterable

import attrs


@attrs.define
class ListingProgress:
    """Counts the listing pages that were read, and records what they say about the end of the listing."""

    pages: int = 0
    elsewhere: set[str] = attrs.field(factory=set)
    """Entries that link to no article: features on other hosts and the like."""
    caught_up: bool = False
    """Whether the last page listed nothing new, or was the section's last; regular runs only."""
    is_past_end: bool = False
    """Whether the section ends before the requested pages."""
    pages_found: tuple[int, int] | None = None
    """The first and last page with articles of the searched days; None: there is no such page."""

    def add_page(self, elsewhere: Iterable[str]) -> None:
        """Count a page, and keep its entries that link to no article."""
        self.pages += 1
        self.elsewhere.update(elsewhere)

    def set_caught_up(self, caught_up: bool) -> None:
        """Record whether the run has caught up with the listing, as of the page read last."""
        self.caught_up = caught_up

    def record_end(self) -> None:
        """Record that a requested page is after the section's last."""
        self.is_past_end = True

    def record_pages_found(self, found: tuple[int, int] | None) -> None:
        """Record the result of a search."""
        self.pages_found = found
