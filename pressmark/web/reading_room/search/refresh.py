"""Keeps the catalogue as fresh as the exports."""

import logging
import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime

import attrs

from pressmark.errors import PressmarkError
from pressmark.web.common.repository import Repository
from pressmark.web.reading_room.search.catalogue import Catalogue

logger = logging.getLogger("pressmark.reading_room")


@attrs.frozen
class State:
    """State of the catalogue."""

    read_at: datetime | None = None
    """When the exports were read last, aware; None: not yet."""
    trouble: str = ""
    """Why the last refresh failed, or empty."""
    problems: tuple[str, ...] = ()
    """Errors of single exports."""


@attrs.define
class Refresher:
    """Refreshes a catalogue from the exports."""

    catalogue: Catalogue
    repository: Repository
    state: State = State()

    def refresh(self) -> State:
        """Read the exports that changed; errors end up in the state."""
        try:
            done = self.catalogue.refresh(self.repository.store, self._sites())
        except (PressmarkError, sqlite3.Error, OSError) as error:  # A full disk, or another process at the same file.
            self.state = attrs.evolve(self.state, trouble=f"{error}")
            logger.warning("the catalogue was not refreshed: %s", error)
        else:
            if done.days:
                logger.info("read %d days with %d versions", done.days, done.versions)
            for problem in done.problems:
                logger.warning("%s", problem)
            self.state = State(datetime.now(UTC), "", done.problems)
        return self.state

    def _sites(self) -> Iterable[str]:
        return sorted(self.repository.sites())
