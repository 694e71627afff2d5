"""The last run of a section: its state for the next run. The state is optional: without it a run requests more.

How far a listing was read, and which articles failed, comes from the last *regular* run. Later runs with another scope
are skipped: they neither caught up nor missed anything. But articles that they made known no longer show that a
regular run has read a listing page.
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
"""Outcomes of articles that were perhaps unknown before."""

logger = logging.getLogger(__name__)


@attrs.frozen(kw_only=True)
class LastRun:
    """The state of the last run; empty without one."""

    complete: bool = False
    """Whether it saw everything and certainly was the last; if not, the next run must not stop early."""
    failed: tuple[str, ...] = ()
    """URLs of failed articles; they are requested again, listed or not."""
    aside: frozenset[str] = frozenset()
    """Articles that runs with another scope made known: a listing page with only these was not read by regular runs."""
    visits: Mapping[str, Visit] = attrs.field(factory=dict)
    """By article id; from the last run of any scope."""


def last_visits(store: Store, site: str, section: str, now: datetime) -> LastRun:
    """Return only the visits of a section's last run: all that a run with another scope needs."""
    summary = _read(store, manifest.newest_key(store, site, section, now))
    return LastRun(visits=_visits(store, summary))


def last_run(store: Store, site: str, section: str, now: datetime) -> LastRun:
    """Return the state of a section's last regular run and of later runs, as far as it can be read."""
    # A run from the future means that the clock was set back: it is unknown which run was the last.
    sure = not manifest.any_ahead(store, site, section, now)
    later: list[_RunSummary] = []
    for key in manifest.newest_first(store, site, section, now):
        if not key:
            sure = False  # It was killed: its scope and the articles that it made known are unknown.
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
    """Summary of one manifest."""

    regular: bool = True
    caught_up: bool = False
    failed: tuple[str, ...] = ()
    made_known: frozenset[str] = frozenset()
    visits: str | None = None
    """Key of its visits."""


def _read(store: Store, key: str | None) -> _RunSummary | None:
    try:
        return _summary_of(manifest.read(store, key)) if key else None
    except (FindingsFound, KeyError) as error:
        logger.warning("manifest %s can't be read (%s): this run reads more pages", key, error)
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
