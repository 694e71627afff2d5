"""Totals of each day, added up from its runs."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import attrs

from pressmark.model.outcomes import Outcome
from pressmark.monitoring.history import PastRun


@attrs.define
class Day:
    """Totals of a day's runs; a run belongs to the UTC day on which it began."""

    day: date
    runs: int = 0
    new: int = 0
    """New versions."""
    silent: int = 0
    """Silent edits."""
    rejected: int = 0
    """Pages newly rejected for their reason."""
    size: int = 0
    """Bytes of the segments."""

    def add(self, run: PastRun) -> None:
        """Add a run."""
        self.runs += 1
        self.new += run.new + run.recovered
        self.silent += run.counts.get(Outcome.SILENT_EDIT, 0)
        self.rejected += run.newly_rejected
        self.size += run.warc_bytes


def by_day(runs: Iterable[PastRun], now: datetime, number: int) -> list[Day]:
    """Return the last days up to today, oldest first, including days without a run."""
    today = now.astimezone(UTC).date()
    days = {day: Day(day) for day in (today - timedelta(days=back) for back in range(number - 1, -1, -1))}
    for run in runs:
        if found := days.get(run.started_at.astimezone(UTC).date()):
            found.add(run)
    return list(days.values())
