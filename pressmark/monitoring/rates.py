"""Shares: how much of what runs newly read was bad, and since when it is too much."""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:  # It brings boto3, which the DAGs are read without.
    from pressmark.monitoring.history import PastRun

FIELDS = frozenset({"no-headline", "unreadable-updated", "invalid"})
"""Reasons of rejection that say: it is an article, and a field is missing. `no-body` is none: a gallery has no text."""
LEAST_READ = 10
"""Pages that a share is taken of, at least: that of fewer says nothing."""
LEAST_BAD = 3
"""Of them bad, at least."""

Bad = Callable[["PastRun"], int]
"""How many of the pages that a run newly read were bad."""


@attrs.frozen(kw_only=True)
class Breach:
    """A share that is too large."""

    bad: int
    read: int
    """Of how many: new versions, and pages rejected for the first time."""
    allowed: float
    """The share that is not too large yet."""
    oldest: "PastRun"
    """Behind this run and behind all since it was too large."""
    earlier: bool
    """Whether it may have been so before; the runs that are known don't tell."""
    reasons: Counter[str]
    """What the runs that the share is taken of rejected; pages that were known as rejected count again."""


def find_breach(runs: Sequence["PastRun"], bad: Bad, allowed: float) -> Breach | None:
    """Return the breach if the newest share is too large.

    A share is taken of the newest runs that newly read LEAST_READ pages together. What broke known pages as well is
    over when those are read well again, though few new ones have come.

    Args:
        runs: newest first.
        bad: what is counted.
        allowed: the largest share that is well.
    """
    runs = _without_reread(runs)

    def too_large(window: Sequence["PastRun"]) -> bool:
        wrong = sum(map(bad, window))
        return wrong >= LEAST_BAD and wrong / sum(map(newly_read, window)) > allowed

    windows = list(takewhile(too_large, (_window(runs[number:]) for number in range(len(runs)))))
    if not windows or _is_fixed(runs, len(windows), allowed):
        return None
    return Breach(
        bad=sum(map(bad, windows[0])),
        read=sum(map(newly_read, windows[0])),
        allowed=allowed,
        oldest=runs[len(windows) - 1],
        earlier=not _window(runs[len(windows) :]),
        reasons=sum((Counter(run.rejected) for run in windows[0]), Counter()),
    )


def _without_reread(runs: Sequence["PastRun"]) -> list["PastRun"]:
    """Return the runs without the rejections of articles that a later one read well: those are bad no more."""
    found, read_well = list["PastRun"](), frozenset[str]()
    for run in runs:
        reread = len(run.rejected_ids & read_well)
        found.append(attrs.evolve(run, newly_rejected=max(0, run.newly_rejected - reread)) if reread else run)
        read_well |= run.new_ids
    return found


def _is_fixed(runs: Sequence["PastRun"], since: int, allowed: float) -> bool:
    """Tell whether known pages became unreadable in the newest runs (`since` of them), and are read well again.

    Where known pages were read well all the time, e.g. since new ones alone have a new layout, they say nothing.
    """

    def broke(run: "PastRun") -> bool:
        bad, well = run.read_again_badly, run.read_again_well
        return bad >= LEAST_BAD and bad / (bad + well) > allowed

    since_break = list(takewhile(lambda run: not broke(run), runs[:since]))
    if len(since_break) == since:
        return False
    bad = sum(run.newly_rejected + run.read_again_badly for run in since_break)
    read = bad + sum(run.new + run.read_again_well for run in since_break)
    return read >= LEAST_READ and bad / read <= allowed


def newly_read(run: "PastRun") -> int:
    """Return how many pages a run newly read."""
    return run.new + run.newly_rejected


def lacking(run: "PastRun") -> int:
    """Return how many of them lack a field; manifests count those newly rejected for all reasons together only."""
    return min(run.newly_rejected, sum(run.rejected.get(reason, 0) for reason in FIELDS))


def _window(runs: Sequence["PastRun"]) -> Sequence["PastRun"]:
    """Return the newest runs that a share can be taken of; none if there are too few pages."""
    read = 0
    for number, run in enumerate(runs, start=1):
        read += newly_read(run)
        if read >= LEAST_READ:
            return runs[:number]
    return ()
