"""Days with new documents or segments since a job last ran; a note in the bucket keeps its cursor."""

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


class DayResult(Protocol):
    """A job's result for a day."""

    @property
    def day(self) -> date:
        """The day."""

    @property
    def again(self) -> bool:
        """Whether to process the day again the next time."""


Result = TypeVar("Result", bound=DayResult)


def _days(facts: Any) -> frozenset[date]:
    if not isinstance(facts, list):
        raise Unfit("no list")
    try:
        return frozenset(date.fromisoformat(text(each)) for each in facts)
    except ValueError:
        raise Unfit("no day") from None


@attrs.frozen(kw_only=True)
class _Note(JsonModel):
    """How far the job has come."""

    cursor: str | None
    again: frozenset[date] = attrs.field(metadata={"read": _days})
    """Days to process again."""


_EMPTY_NOTE = _Note(cursor=None, again=frozenset())


@attrs.frozen
class ChangedDays:
    """The days of one site that runs brought something for."""

    store: Store
    site: str
    note: str
    """Bucket key of the note."""
    days_of: Callable[[Changes], Iterable[date]]
    """Returns the days that a run brought something for."""

    def each(self, make: Callable[[date], Result]) -> Iterator[Result]:
        """Process each day that something arrived for since the last time, the oldest first.

        The note is written after each day: a job that is stopped goes on with the day it was at.
        """
        note = self._read_note()
        since, left = note.cursor, set(note.again)
        reached = since
        for changes in Reader(self.store, self.site).changes(since):
            left |= set(self.days_of(changes))
            reached = changes.cursor
        if reached != since:  # Also without a day: then these runs are not read again.
            self._write_note(reached, left, note.later)
        for day in sorted(left):
            made = make(day)
            if not made.again:
                left.remove(day)
                self._write_note(reached, left, note.later)
            yield made

    def _write_note(self, reached: str | None, left: set[date], later: Mapping[str, Any]) -> None:
        note = json.dumps({"cursor": reached, "again": sorted(day.isoformat() for day in left), **later})
        self.store.put(self.note, note.encode() + b"\n")

    def _read_note(self) -> _Note:
        """Return the note of the last time; one that can't be read is ignored."""
        try:
            note = _Note.from_json(strict_json.load_object(self.store.get(self.note, most=strict_json.MOST)))
            cursors.Cursor.parse(self.site, note.cursor)
        except KeyError:
            return _EMPTY_NOTE
        except (ValueError, FindingsFound) as error:
            logger.warning("%s can't be read (%s): all days are processed", self.note, error)
            return _EMPTY_NOTE
        return note
