"""Requisites: what a page needs for replay. Each URL is fetched once per UTC day."""

from collections.abc import Collection

import attrs

from pressmark.sites.site import Site


@attrs.define
class Requisites:
    """Knows which requisites were captured today, and counts the outcomes of this run's."""

    site: Site
    _today: set[str]
    """URLs that were captured today or requested in this run."""
    captured: int = 0
    failed: int = 0
    """Not fetched, or forbidden by robots.txt."""
    left_out: int = 0
    """Beyond the limits of their page."""
    refused: int = 0
    """Links to a host or port that the site file does not allow; these get no request."""
    unread: int = 0
    """Captured stylesheets that could not be searched for more requisites."""

    def claim(self, url: str) -> bool:
        """Return whether to request this URL: False for a refused server, and for a URL that was claimed before."""
        if url in self._today:
            return False
        if not self.site.allows(url):
            self.refused += 1
            return False
        self._today.add(url)
        return True

    def leave_out(self, urls: Collection[str]) -> None:
        """Count URLs beyond the limits of a page; another page may request them."""
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
        """Return the counts, as a manifest has them."""
        return {
            "captured": self.captured,
            "failed": self.failed,
            "left_out": self.left_out,
            "refused": self.refused,
            "unread": self.unread,
        }
