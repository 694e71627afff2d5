"""Arrivals: the days of which something came into the archive since somebody looked last, by a note in the bucket."""

import json
import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Protocol, TypeVar

import attrs

from pressmark.archive import cursor as cursors
from pressmark.archive.store import Store
from pressmark.reader import Changes, Reader

logger = logging.getLogger(__name__)


class Done(Protocol):
    """What was made of a day."""

    @property
    def day(self) -> date:
        """The day."""

    @property
    def again(self) -> bool:
        """Whether the day is to be looked at the next time, too."""


Made = TypeVar("Made", bound=Done)


@attrs.frozen
class Arrivals:
    """The days of one site for which runs brought something."""

    store: Store
    site: str
    note: str
    """Bucket key of the note of how far one has come."""
    days_of: Callable[[Changes], Iterable[date]]
    """Returns the days that a run brought something for."""

    def each(self, make: Callable[[date], Made]) -> Iterator[Made]:
        """Make something of each day of which something arrived since the last time, the oldest first.

        What was reached is noted when all is done: what is stopped in between is done again, to no harm.
        """
        since, days = self._reached()
        reached = since
        for changes in Reader(self.store, self.site).changes(since):
            days |= set(self.days_of(changes))
            reached = changes.cursor
        again = []
        for made in map(make, sorted(days)):
            again += [made.day.isoformat()] if made.again else []
            yield made
        if days or reached != since:  # Runs that brought nothing are not read again either.
            note = json.dumps({"cursor": reached, "again": again})
            self.store.put(self.note, note.encode() + b"\n")

    def _reached(self) -> tuple[str | None, set[date]]:
        """Return the cursor of the last time, and the days to look at again; a note that can't be read is as none."""
        try:
            note = json.loads(self.store.get(self.note))
            cursors.Cursor.parse(self.site, note["cursor"])
            return note["cursor"], {date.fromisoformat(day) for day in note["again"]}
        except KeyError:
            pass
        except (ValueError, TypeError) as error:
            logger.warning("%s can't be read (%s): all days are looked at", self.note, error)
        return None, set()
