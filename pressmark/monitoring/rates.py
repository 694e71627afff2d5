"""Rates: the share of bad pages among newly read ones, and since when it is too large."""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:  # It imports boto3, which DAG parsing must not.
    from pressmark.monitoring.history import PastRun

FIELDS = frozenset({"no-headline", "unreadable-updated", "invalid"})
"""Rejection reasons of articles with a missing field. `no-body` is not one: a gallery has no text."""
LEAST_READ = 10
"""Minimum pages for a share: fewer pages say nothing."""
LEAST_BAD = 3
"""Minimum bad pages."""

Bad = Callable[["PastRun"], int]
"""Counts the bad pages among those that a run newly read."""


@attrs.frozen(kw_only=True)
class Breach:
    """A share of bad pages that is too large."""

    bad: int
    read: int
    """Newly read pages: new versions, and pages rejected for the first time."""
    allowed: float
    """Largest allowed share."""
    oldest: "PastRun"
    """The share was too large after this run and all later ones."""
    earlier: bool
    """Whether it may have been too large before; the known runs do not show it."""
    reasons: Counter[str]
    """Rejection reasons in the runs of the share; pages that were rejected before count again."""


def find_breach(runs: Sequence["PastRun"], bad: Bad, allowed: float) -> Breach | None:
    """Return the breach if the newest share is too large.

    A share covers the newest runs that together newly read LEAST_READ pages. A problem that also broke known pages is
    over when those can be read again, even if there are few new pages.

    Args:
        runs: newest first.
        bad: counts the bad pages of a run.
        allowed: the largest allowed share.
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
    """Return the runs without rejections of articles that a later run could read: those are not bad any more."""
    found, read_well = list["PastRun"](), frozenset[str]()
    for run in runs:
        reread = len(run.rejected_ids & read_well)
        found.append(attrs.evolve(run, newly_rejected=max(0, run.newly_rejected - reread)) if reread else run)
        read_well |= run.new_ids
    return found


def _is_fixed(runs: Sequence["PastRun"], since: int, allowed: float) -> bool:
    """Return whether known pages became unreadable in the newest `since` runs, and can be read again.

    Known pages that were readable all the time say nothing: perhaps only new pages have a new layout.
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
    """Return the number of pages that a run newly read."""
    return run.new + run.newly_rejected


def lacking_field(run: "PastRun") -> int:
    """Return how many of them lack a field; manifests only have the total of newly rejected pages."""
    return min(run.newly_rejected, sum(run.rejected.get(reason, 0) for reason in FIELDS))


def _window(runs: Sequence["PastRun"]) -> Sequence["PastRun"]:
    """Return the newest runs that are enough for a share; none if there are too few pages."""
    read = 0
    for number, run in enumerate(runs, start=1):
        read += newly_read(run)
        if read >= LEAST_READ:
            return runs[:number]
    return ()
