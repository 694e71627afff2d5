"""The history of a section: a summary of its last runs for monitoring. Details stay in the manifests."""

import logging
import re
from collections.abc import Container, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Self

import attrs

from pressmark.archive.bucket import manifest
from pressmark.archive.bucket.manifest_model import HostRequests
from pressmark.archive.s3.store import THREADS, Store
from pressmark.errors import FindingsFound
from pressmark.model import keys
from pressmark.model.outcomes import Outcome

LOOK_BACK = 13
"""Months that are searched for runs, including this one."""
_LONGEST_RUN = timedelta(days=2)
"""No run takes longer: earlier runs will not write a manifest any more."""
_LISTED = timedelta(minutes=10)
_TRY = re.compile(r"\d{8}T\d{6}-([0-9a-f]{6})-\d+", re.ASCII)
"""The run id of a task (`pressmark.airflow.operators.crawl.run_id_of`)."""
_MANIFEST = re.compile(r"/[^/.]+\.json$")

logger = logging.getLogger(__name__)


@attrs.frozen(kw_only=True)
class PastRun:
    """Summary of one run."""

    key: str
    """Key of its manifest."""
    run_id: str
    site: str
    section: str
    started_at: datetime
    """UTC."""
    ended_at: datetime
    ended: str
    """`complete`, `interrupted` or `failed`."""
    reason: str | None
    """Why it failed, for people."""
    failure: str | None
    """Name of the error that failed it, e.g. `LayoutChanged`."""
    scope: str
    """Its scope: `newest`, `backfill`, `article` or `search`."""
    counts: Mapping[str, int]
    """`seen`, `listing_pages`, `not_due` and each outcome."""
    rejected: Mapping[str, int]
    """Rejected articles by reason, most common first."""
    failed: Mapping[str, int]
    """Failed articles by reason."""
    newly_rejected: int
    recovered: int
    """Versions of earlier runs that it published."""
    segments: int
    warc_bytes: int
    """Size of all its segments in the bucket."""
    asked: tuple[HostRequests, ...]
    spool: str = ""
    """ID of the worker's spool."""
    set_aside: tuple[str, ...] = ()
    """Unreadable files of its spool, each with its reason."""
    set_aside_since: datetime | None = None
    """When the oldest of them was set aside."""
    rejected_ids: frozenset[str] = frozenset()
    """Articles that it rejected, newly or again."""
    new_ids: frozenset[str] = frozenset()
    """Articles with versions that it published."""

    @property
    def new(self) -> int:
        """New versions."""
        return self.counts.get(Outcome.PUBLISHED, 0) + self.counts.get(Outcome.UPDATED, 0)

    @property
    def try_of(self) -> str:
        """An id that all tries of one DAG run share; a run from the command line has its own."""
        found = _TRY.fullmatch(self.run_id)
        return found[1] if found else self.run_id

    @property
    def read_again_badly(self) -> int:
        """Number of known pages that it rejected."""
        return max(0, sum(self.rejected.values()) - self.newly_rejected)

    @property
    def read_again_well(self) -> int:
        """Number of known articles that it read, unchanged or silently edited."""
        return self.counts.get(Outcome.UNCHANGED, 0) + self.counts.get(Outcome.SILENT_EDIT, 0)

    @property
    def seconds(self) -> float:
        """Duration."""
        return (self.ended_at - self.started_at).total_seconds()

    @classmethod
    def of(cls, key: str, run_manifest: manifest.Manifest) -> Self:
        """Return the summary of a manifest."""
        return cls(
            key=key,
            run_id=run_manifest.run_id,
            site=run_manifest.site,
            section=run_manifest.section,
            started_at=run_manifest.started_at,
            ended_at=run_manifest.ended_at,
            ended=run_manifest.ended,
            reason=run_manifest.reason,
            failure=run_manifest.failure,
            scope=run_manifest.parameters.scope,
            counts=run_manifest.counts,
            rejected=run_manifest.reasons(Outcome.REJECTED),
            failed=run_manifest.reasons(Outcome.FAILED),
            newly_rejected=run_manifest.newly_rejected,
            recovered=run_manifest.recovered.published,
            segments=len(run_manifest.segments),
            warc_bytes=run_manifest.warc_bytes,
            asked=run_manifest.requests,
            spool=run_manifest.spool or "",
            set_aside=tuple(f"{each.file}: {each.reason}" for each in run_manifest.set_aside),
            set_aside_since=min((each.since for each in run_manifest.set_aside), default=None),
            rejected_ids=_ids(run_manifest, {Outcome.REJECTED}),
            new_ids=_ids(run_manifest, {Outcome.PUBLISHED, Outcome.UPDATED}),
        )


def _ids(run_manifest: manifest.Manifest, outcomes: Container[str]) -> frozenset[str]:
    return frozenset(each.article_id for each in run_manifest.articles if each.outcome in outcomes)


@attrs.frozen
class History:
    """The last runs of a site's sections; manifests don't change, so each is read once. Thread-safe."""

    store: Store
    site: str
    _broken: dict[str, dict[str, str]] = attrs.field(factory=dict, init=False, repr=False)
    """By section."""
    _listed: dict[str, tuple[datetime, tuple[str, ...]]] = attrs.field(factory=dict, init=False, repr=False)
    """By month: the time of its last complete listing, and the keys."""
    _known: dict[str, dict[str, PastRun]] = attrs.field(factory=dict, init=False, repr=False)
    """By section and key."""

    def newest(self, section: str, number: int, now: datetime | None = None) -> list[PastRun]:
        """Return a section's newest runs of the last 13 months, newest first, at most `number`.

        A broken manifest is left out with a warning, and reported in `broken`. At most the largest requested number of
        runs of a section stays in memory.

        Raises:
            BucketError: the bucket can't be used.
        """
        wanted = list(islice(self.manifest_keys(section, now), number))
        before = self._known.get(section, {})
        unknown = [key for key in wanted if key not in before]
        with ThreadPoolExecutor(THREADS, "history") as pool:
            read = dict(zip(unknown, pool.map(self._read, unknown), strict=True))
        known = before | {key: run for key, run in read.items() if isinstance(run, PastRun)}
        runs = {key: known[key] for key in wanted if key in known}
        self._broken[section] = {key: wrong for key, wrong in read.items() if isinstance(wrong, str)}
        self._known[section] = known if len(wanted) < len(before) else runs
        return list(runs.values())

    def broken(self, section: str) -> dict[str, str]:
        """Return the error of each manifest that the last call of `newest` could not read, by key."""
        return dict(self._broken.get(section, {}))

    def manifest_keys(self, section: str, now: datetime | None = None) -> Iterator[str]:
        """Return the keys of a section's manifests of the last 13 months, newest first.

        Runs that began later than now (a wrong clock) come last: such a run must not count as the newest.
        """
        now = now or datetime.now(UTC)
        ahead = list[str]()
        for month in _months(now):
            for key in reversed(self._of_month(section, month, now)):
                if manifest.is_ahead(key, now):
                    ahead.append(key)
                else:
                    yield key
        yield from ahead

    def _of_month(self, section: str, month: str, now: datetime) -> tuple[str, ...]:
        """Return a month's keys; days before the last two are listed only every 10 minutes, as listings are slow."""
        prefix = f"{keys.runs(self.site, section)}{month}/"
        since = f"{keys.runs(self.site, section)}{keys.day_of(now - _LONGEST_RUN)}/"
        listed_at, found = self._listed.get(prefix, (None, ()))
        if not listed_at or abs(now - listed_at) > _LISTED:
            listed_at, found, since = now, (), prefix
        if since < f"{prefix}~":  # "~" sorts after all days.
            new = (key for key in self.store.keys(prefix, after=since) if _MANIFEST.search(key))
            found = (*(key for key in found if key < since), *new)
            self._listed[prefix] = listed_at, found
        return found

    def _read(self, key: str) -> PastRun | str | None:
        """Return a run, or the error of its manifest; None if it was deleted after the listing."""
        try:
            return PastRun.of(key, manifest.read(self.store, key))
        except KeyError:
            return None
        except FindingsFound as error:
            logger.warning("%s", error)
            return str(error)


def _months(now: datetime) -> Iterator[str]:
    """Return this month and earlier ones as `YYYY/MM`; the next month comes first, for clocks that are ahead."""
    month = now.astimezone(UTC).replace(day=1)
    yield f"{month + timedelta(days=32):%Y/%m}"
    for _ in range(LOOK_BACK):
        yield f"{month:%Y/%m}"
        month = (month - timedelta(days=1)).replace(day=1)
