"""Whether a section is as fresh as its schedule promises: one word and one sentence."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from itertools import takewhile

import attrs
from croniter import croniter

from pressmark.monitoring.alarm import TITLES, Alarm
from pressmark.monitoring.history import PastRun
from pressmark.web.common.formatting import ago, count, span

NEVER = "No run of this section has ended yet."
ONLY_OTHERS = "No regular run has ended yet; there are only backfills and single articles."


FAILURES = frozenset(TITLES)
"""Kinds of alarms about failing runs."""


class State(StrEnum):
    """State of a section, the worst first."""

    FAILING = "failing"
    LATE = "late"
    ALARMS = "alarms"
    NEVER = "never run"
    FRESH = "fresh"


@attrs.frozen(kw_only=True)
class Freshness:
    """State of a section, in words."""

    state: State
    sentence: str
    failed: PastRun | None = None
    """The last run, if it failed."""


def freshness(schedule: str | None, runs: Sequence[PastRun], alarms: Sequence[Alarm], now: datetime) -> Freshness:
    """Judge a section by its runs, newest first. Only regular runs count; others may see no new articles.

    A section is late when two runs have been due since the last complete one. It is failing when an alarm says so, or
    when the runs that were due failed.
    """
    regular = [run for run in runs if run.scope == "newest"]
    complete = next((run for run in regular if run.ended == "complete"), None)
    if not regular:
        return Freshness(state=State.NEVER, sentence=NEVER if not runs else ONLY_OTHERS)
    last = f"Last complete run {ago(complete.ended_at, now)}" if complete else "No run has been complete yet"
    judged = [run for run in regular if run.ended != "interrupted"]
    failures = len({run.try_of for run in takewhile(lambda run: run.ended == "failed", judged)})
    failed = judged[0] if failures else None
    if failures:
        many = "The last run failed" if failures == 1 else f"The last {count(failures, 'run')} failed"
        last = f"{many}. {last}"
    found = State.ALARMS if alarms else State.FRESH
    if not complete or FAILURES & {alarm.kind for alarm in alarms}:
        state = State.FAILING if failures else State.LATE
        return Freshness(
            state=state, sentence=f"{last}{'.' if failures else ': they were interrupted.'}", failed=failed
        )
    if not schedule:
        sentence = f"{last}. It has no schedule: it runs when triggered."
        return Freshness(state=found, sentence=sentence, failed=failed)
    try:
        due, next_due = _due(schedule, complete.started_at)
    except ValueError as error:
        sentence = f"{last}. Its schedule can't be read: {error}."
        return Freshness(state=State.ALARMS, sentence=sentence, failed=failed)
    if now > next_due:
        sentence = f"{last}; a run has been due for {span(now - due)}."
        return Freshness(state=State.FAILING if failures else State.LATE, sentence=sentence, failed=failed)
    return Freshness(state=found, sentence=f"{last}; the next is due {_when(due, now)}.", failed=failed)


def _due(schedule: str, started_at: datetime) -> tuple[datetime, datetime]:
    """Return when the next two runs after one that began then are due; ValueError if the schedule is invalid."""
    times = croniter(schedule, started_at)
    return times.get_next(datetime), times.get_next(datetime)


def _when(due: datetime, now: datetime) -> str:
    return ago(due, now) if due > now else "now"
