"""Arrivals: the days of which something came into the archive since somebody looked last, by a note in the bucket."""

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Protocol, TypeVar

import attrs

from pressmark.archive.bucket import cursor as cursors
from pressmark.archive.s3.store import Store
from pressmark.errors import FindingsFound
from pressmark.model import strict_json
from pressmark.model.json_model import JsonModel, Unfit, text
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


def _days(facts: Any) -> frozenset[date]:
    if not isinstance(facts, list):
        raise Unfit("no list")
    try:
        return frozenset(date.fromisoformat(text(each)) for each in facts)
    except ValueError:
        raise Unfit("no day") from None


@attrs.frozen(kw_only=True)
class _Note(JsonModel):
    """How far one has come."""

    cursor: str | None
    again: frozenset[date] = attrs.field(metadata={"read": _days})
    """Days to look at again."""


_NOTHING = _Note(cursor=None, again=frozenset())


@attrs.frozen
class ChangedDays:
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
        note = self._noted()
        since, left = note.cursor, set(note.again)
        reached = since
        for changes in Reader(self.store, self.site).changes(since):
            left |= set(self.days_of(changes))
            reached = changes.cursor
        if reached != since:  # Also if they brought nothing: then they are not read again.
            self._note(reached, left, note.later)
        for day in sorted(left):
            made = make(day)
            if not made.again:
                left.remove(day)
                self._note(reached, left, note.later)
            yield made

    def _note(self, reached: str | None, left: set[date], later: Mapping[str, Any]) -> None:
        note = json.dumps({"cursor": reached, "again": sorted(day.isoformat() for day in left), **later})
        self.store.put(self.note, note.encode() + b"\n")

    def _noted(self) -> _Note:
        """Return the note of the last time; one that can't be read is ignored."""
        try:
            note = _Note.from_json(strict_json.load_object(self.store.get(self.note, most=strict_json.MOST)))
            cursors.Cursor.parse(self.site, note.cursor)
        except KeyError:
            return _NOTHING
        except (ValueError, FindingsFound) as error:
            logger.warning("%s can't be read (%s): all days are looked at", self.note, error)
            return _NOTHING
        return note
