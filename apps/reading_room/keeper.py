"""The keeper: looks at the exports again and again, and so keeps the catalogue as fresh as they are."""

import logging
import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Self

import attrs

from apps.reading_room.catalogue import Catalogue
from apps.shown.holdings import Holdings
from pressmark.errors import PressmarkError

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
class Keeper:
    """Keeps a catalogue fresh while it is entered, in a thread of its own."""

    catalogue: Catalogue
    holdings: Holdings
    every: float = 30.0
    """Seconds between two looks."""
    state: State = State()
    _ended: Event = attrs.field(factory=Event, init=False)
    _thread: Thread | None = attrs.field(default=None, init=False)

    def look(self) -> State:
        """Look at the exports now."""
        try:
            done = self.catalogue.refresh(self.holdings.store, self._sites())
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

    def __enter__(self) -> Self:
        self._thread = Thread(target=self._keep, name="keeper", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        if self._thread:
            self._thread.join(timeout=10)

    def _sites(self) -> Iterable[str]:
        return sorted(self.holdings.sites())

    def _keep(self) -> None:
        self.look()
        while not self._ended.wait(self.every):
            self.look()
