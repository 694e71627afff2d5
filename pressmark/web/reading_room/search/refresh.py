"""The keeper: looks at the exports again and again, and so keeps the catalogue as fresh as they are."""

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
    """How fresh the catalogue is."""

    read_at: datetime | None = None
    """When the exports were looked at last, aware; None: not yet."""
    trouble: str = ""
    """Why they could not be, the last time."""
    problems: tuple[str, ...] = ()
    """Of single exports."""


@attrs.define
class Refresher:
    """Keeps a catalogue as fresh as the exports are, by each look."""

    catalogue: Catalogue
    repository: Repository
    state: State = State()

    def refresh(self) -> State:
        """Look at the exports now."""
        try:
            done = self.catalogue.refresh(self.repository.store, self._sites())
        except (PressmarkError, sqlite3.Error, OSError) as error:  # A full disk, or another room at the same catalogue.
            self.state = attrs.evolve(self.state, trouble=f"{error}")
            logger.warning("the catalogue stays as it was: %s", error)
        else:
            if done.days:
                logger.info("%d days with %d versions read", done.days, done.versions)
            for problem in done.problems:
                logger.warning("%s", problem)
            self.state = State(datetime.now(UTC), "", done.problems)
        return self.state

    def _sites(self) -> Iterable[str]:
        return sorted(self.repository.sites())
