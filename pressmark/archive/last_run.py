"""The last run of a section: what it tells the one behind it. All of it is help: without it a run asks for more."""

import logging
from collections.abc import Mapping
from datetime import datetime

import attrs

from pressmark.archive import keys, manifest, visits
from pressmark.archive.store import Store
from pressmark.archive.visits import Visit
from pressmark.errors import FindingsFound
from pressmark.outcomes import Outcome

GONE = {"http-404", "http-410"}
"""Failures that another try would only repeat."""

logger = logging.getLogger(__name__)


@attrs.frozen(kw_only=True)
class LastRun:
    """What is known of it; nothing if there was none."""

    complete: bool = False
    """Whether it saw all it wanted, and was the last for sure; if not, the run behind it may not stop early."""
    failed: tuple[str, ...] = ()
    """URLs of articles that it could not have; they are asked for again, listed or not."""
    visits: Mapping[str, Visit] = attrs.field(factory=dict)
    """By article id."""


def last_run(store: Store, site: str, section: str, now: datetime) -> LastRun:
    """Return what the last run of a section told, as far as it can be read."""
    started, key = manifest.newest_keys(store, site, section, now)
    if not key:
        return LastRun()
    killed = bool(started and started.removesuffix(keys.STARTED) > key.removesuffix(keys.MANIFEST))
    # What began in the future was there before: since the clock was set back, it is not known which run was the last.
    sure = not killed and not manifest.any_ahead(store, site, section, now)
    try:
        return _told(store, manifest.read(store, key), sure=sure)
    except (FindingsFound, LookupError, TypeError, AttributeError) as error:
        logger.warning("manifest %s can't be read (%s: %s): this run reads on", key, type(error).__name__, error)
        return LastRun()


def _told(store: Store, last: manifest.Manifest, *, sure: bool) -> LastRun:
    return LastRun(
        complete=sure and last["ended"] == "complete" and last["caught_up"],
        failed=tuple(
            fate["url"]
            for fate in last["articles"]
            if fate["outcome"] == Outcome.FAILED and fate.get("reason") not in GONE
        ),
        visits=visits.read(store, last["visits"]["key"]) if "visits" in last else {},
    )
