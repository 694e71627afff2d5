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

        What was reached is noted as it is: what is stopped in between goes on with the day at hand.
        """
        since, before = self._reached()
        left, reached = set(before), since
        for changes in Reader(self.store, self.site).changes(since):
            left |= set(self.days_of(changes))
            reached = changes.cursor
        if reached != since:  # Also if they brought nothing: then they are not read again.
            self._note(reached, left)
        for day in sorted(left):
            made = make(day)
            if not made.again:
                left.remove(day)
                self._note(reached, left)
            yield made

    def _note(self, reached: str | None, left: set[date]) -> None:
        note = json.dumps({"cursor": reached, "again": sorted(day.isoformat() for day in left)})
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
