"""The last run of a section: what it tells the one behind it. All of it is help: without it a run asks for more.

How far was read, and what could not be had, is told by the last *regular* run. Runs of another scope that came behind
it are looked through: they neither caught up nor missed what it promised. But what they made known is no sign any more
that a listing page was read before.
"""

import logging
from collections.abc import Mapping
from datetime import datetime

import attrs

from pressmark.archive.bucket import manifest, visits
from pressmark.archive.bucket.manifest_model import COMPLETE
from pressmark.archive.bucket.visits import Visit
from pressmark.archive.s3.store import Store
from pressmark.errors import FindingsFound
from pressmark.model.outcomes import GONE, Outcome
from pressmark.sites.scope import ScopeKind

MADE_KNOWN = {Outcome.PUBLISHED, Outcome.REJECTED}
"""Outcomes of articles that may have been unknown before."""

logger = logging.getLogger(__name__)


@attrs.frozen(kw_only=True)
class LastRun:
    """What is known of it; nothing if there was none."""

    complete: bool = False
    """Whether it saw all it wanted, and was the last for sure; if not, the run behind it may not stop early."""
    failed: tuple[str, ...] = ()
    """URLs of articles that it could not have; they are asked for again, listed or not."""
    aside: frozenset[str] = frozenset()
    """Articles that are known since by runs of another scope: a page of them alone was not read by regular runs."""
    visits: Mapping[str, Visit] = attrs.field(factory=dict)
    """By article id; of the last run of any scope."""


def last_visits(store: Store, site: str, section: str, now: datetime) -> LastRun:
    """Return the visits of a section's last run and nothing else: what a run needs that is no regular one."""
    summary = _read(store, manifest.newest_key(store, site, section, now))
    return LastRun(visits=_visits(store, summary))


def last_run(store: Store, site: str, section: str, now: datetime) -> LastRun:
    """Return what a section's last regular run told, and those behind it, as far as it can be read."""
    # What began in the future was there before: since the clock was set back, it is not known which run was the last.
    sure = not manifest.any_ahead(store, site, section, now)
    later: list[_RunSummary] = []
    for key in manifest.newest_first(store, site, section, now):
        if not key:
            sure = False  # It was killed, whatever its scope was, and nobody knows what it made known.
            continue
        summary = _read(store, key)
        if summary and not summary.regular:
            later.append(summary)
            continue
        last = summary or _RunSummary()
        return LastRun(
            complete=sure and last.caught_up,
            failed=last.failed,
            aside=frozenset().union(*(each.made_known for each in later)),
            visits=_visits(store, later[0] if later else summary),
        )
    return LastRun(visits=_visits(store, later[0] if later else None))


@attrs.frozen(kw_only=True)
class _RunSummary:
    """What one manifest tells."""

    regular: bool = True
    caught_up: bool = False
    failed: tuple[str, ...] = ()
    made_known: frozenset[str] = frozenset()
    visits: str | None = None
    """Their key."""


def _read(store: Store, key: str | None) -> _RunSummary | None:
    try:
        return _summary_of(manifest.read(store, key)) if key else None
    except (FindingsFound, KeyError) as error:
        logger.warning("manifest %s can't be read (%s): this run reads on", key, error)
        return None


def _summary_of(last: manifest.Manifest) -> _RunSummary:
    return _RunSummary(
        regular=last.parameters.scope == ScopeKind.NEWEST,
        caught_up=last.ended == COMPLETE and last.caught_up,
        failed=tuple(each.url for each in last.of_outcome(Outcome.FAILED) if each.reason not in GONE),
        made_known=frozenset(each.article_id for each in last.articles if each.outcome in MADE_KNOWN),
        visits=last.visits.key if last.visits else None,
    )


def _visits(store: Store, summary: _RunSummary | None) -> Mapping[str, Visit]:
    return visits.read(store, summary.visits) if summary and summary.visits else {}
