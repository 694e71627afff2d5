"""Requisites: what a page needs to be shown again, asked for once per URL and UTC day."""

from collections.abc import Collection

import attrs

from pressmark.sites.site import Site


@attrs.define
class Requisites:
    """Knows what of today is captured, and counts what became of the rest."""

    site: Site
    _today: set[str]
    """URLs that were captured today or asked for in this run."""
    captured: int = 0
    failed: int = 0
    """Could not be had, or robots.txt forbids them."""
    left_out: int = 0
    """Beyond the bounds of their page."""
    refused: int = 0
    """How often a page named one on a host or port that the site file does not allow; they are not asked."""
    unread: int = 0
    """Stylesheets among those captured that could not be searched for more."""

    def wants(self, url: str) -> bool:
        """Tell whether to ask for this URL, of an allowed server; a second question is answered no."""
        if url in self._today:
            return False
        if not self.site.allows(url):
            self.refused += 1
            return False
        self._today.add(url)
        return True

    def leave_out(self, urls: Collection[str]) -> None:
        """Count those that a page has too many of; another page may ask for them."""
        self.left_out += len(urls)
        self._today.difference_update(urls)

    def count_captured(self) -> None:
        """Count one that was captured."""
        self.captured += 1

    def count_failed(self) -> None:
        """Count one that could not be fetched."""
        self.failed += 1

    def count_unread(self) -> None:
        """Count a captured stylesheet that could not be searched for more."""
        self.unread += 1

    def counts(self) -> dict[str, int]:
        """Return what became of those that were asked for."""
        return {
            "captured": self.captured,
            "failed": self.failed,
            "left_out": self.left_out,
            "refused": self.refused,
            "unread": self.unread,
        }
