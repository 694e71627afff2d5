"""The history of a section: what its last runs were, for those who watch it. Details stay in the manifests."""

import logging
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Self

import attrs

from pressmark.archive import keys, manifest
from pressmark.archive.store import Store
from pressmark.errors import FindingsFound
from pressmark.outcomes import Outcome

LOOK_BACK = 13
"""Months, this one included, in which runs are looked for."""
THREADS = 8
_SETTLING = timedelta(days=2)
"""No run goes on for longer: what began before will hardly leave a manifest now."""
_LISTED = timedelta(minutes=10)
_MANIFEST = re.compile(r"/[^/.]+\.json$")

logger = logging.getLogger(__name__)


@attrs.frozen(kw_only=True)
class Asked:
    """How often a run asked one host."""

    host: str
    number: int
    """Requests in all."""
    busiest_minute: int
    """Requests in the minute with the most of them."""


@attrs.frozen(kw_only=True)
class PastRun:
    """One run, as far as a history tells of it."""

    key: str
    """Of its manifest."""
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
    """What it was to see: `newest`, `backfill`, `article` or `search`."""
    counts: Mapping[str, int]
    """`seen`, `listing_pages`, `not_due` and each outcome."""
    rejected: Mapping[str, int]
    """Articles by the reason of their rejection, commonest first."""
    failed: Mapping[str, int]
    """Articles that could not be had, by reason."""
    newly_rejected: int
    recovered: int
    """Versions that runs before it had left, and it published."""
    segments: int
    warc_bytes: int
    """Size of all its segments in the bucket."""
    asked: tuple[Asked, ...]

    @property
    def new(self) -> int:
        """New versions."""
        return self.counts.get(Outcome.PUBLISHED, 0) + self.counts.get(Outcome.UPDATED, 0)

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.ended_at - self.started_at).total_seconds()

    @classmethod
    def of(cls, key: str, told: manifest.Manifest) -> Self:
        """Read a manifest; raise what a wrong one makes Python raise."""
        return cls(
            key=key,
            run_id=str(told["run_id"]),
            site=str(told["site"]),
            section=str(told["section"]),
            started_at=datetime.fromisoformat(told["started_at"]).astimezone(UTC),
            ended_at=datetime.fromisoformat(told["ended_at"]).astimezone(UTC),
            ended=str(told["ended"]),
            reason=_text(told["reason"]),
            failure=_text(told.get("failure")),
            scope=str(told["parameters"].get("scope", "newest")),
            counts={name: int(number) for name, number in told["counts"].items()},
            rejected=_reasons(told, Outcome.REJECTED),
            failed=_reasons(told, Outcome.FAILED),
            newly_rejected=int(told["newly_rejected"]),
            recovered=int(told["recovered"]["published"]),
            segments=len(told["segments"]),
            warc_bytes=sum(each["size"] for each in told["segments"]),
            asked=tuple(
                Asked(host=str(each["host"]), number=int(each["number"]), busiest_minute=int(each["busiest_minute"]))
                for each in told.get("requests", ())
            ),
        )


@attrs.frozen
class History:
    """The last runs of a site's sections; manifests don't change, so each is read once. Safe in several threads."""

    store: Store
    site: str
    _broken: dict[str, dict[str, str]] = attrs.field(factory=dict, init=False, repr=False)
    """By section."""
    _listed: dict[str, tuple[datetime, tuple[str, ...]]] = attrs.field(factory=dict, init=False, repr=False)
    """By month: when all of it was listed, and what was found."""
    _known: dict[str, dict[str, PastRun]] = attrs.field(factory=dict, init=False, repr=False)
    """By section and key."""

    def newest(self, section: str, number: int, now: datetime | None = None) -> list[PastRun]:
        """Return a section's newest runs, at most this many of the last 13 months, newest first.

        A manifest that somebody broke is left out with a warning, and noted in `broken`. As many runs of a section as
        were asked for at most stay in memory.

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
        """Return what is wrong with each manifest that could not be read when `newest` was asked last, by key."""
        return dict(self._broken.get(section, {}))

    def manifest_keys(self, section: str, now: datetime | None = None) -> Iterator[str]:
        """Return the keys of a section's manifests, newest first, of the last 13 months."""
        now = now or datetime.now(UTC)
        for month in _months(now):
            yield from reversed(self._of_month(section, month, now))

    def _of_month(self, section: str, month: str, now: datetime) -> tuple[str, ...]:
        """Return a month's keys; what began days ago is listed anew every 10 minutes only: listings take longest."""
        prefix = f"{keys.runs(self.site, section)}{month}/"
        since = f"{keys.runs(self.site, section)}{keys.day_of(now - _SETTLING)}/"
        listed_at, found = self._listed.get(prefix, (None, ()))
        if not listed_at or abs(now - listed_at) > _LISTED:
            listed_at, found, since = now, (), prefix
        if since < f"{prefix}~":  # "~" sorts behind all days.
            new = (key for key in self.store.keys(prefix, after=since) if _MANIFEST.search(key))
            found = (*(key for key in found if key < since), *new)
            self._listed[prefix] = listed_at, found
        return found

    def _read(self, key: str) -> PastRun | str | None:
        """Return a run, or what is wrong with its manifest; None if that went since it was listed."""
        try:
            return PastRun.of(key, manifest.read(self.store, key))
        except (FindingsFound, LookupError, TypeError, ValueError, AttributeError) as error:
            if isinstance(error, KeyError) and error.args == (key,):
                return None
            logger.warning("manifest %s can't be read: %s: %s", key, type(error).__name__, error)
            return str(error) if isinstance(error, FindingsFound) else f"{type(error).__name__}: {error}"


def _text(told: Any) -> str | None:
    return None if told is None else str(told)


def _reasons(told: dict[str, Any], outcome: Outcome) -> dict[str, int]:
    counted = Counter(str(fate.get("reason")) for fate in told["articles"] if fate["outcome"] == outcome)
    return dict(counted.most_common())


def _months(now: datetime) -> Iterator[str]:
    """Return this month and those before it as `YYYY/MM`; first the next, for clocks that go ahead."""
    month = now.astimezone(UTC).replace(day=1)
    yield f"{month + timedelta(days=32):%Y/%m}"
    for _ in range(LOOK_BACK):
        yield f"{month:%Y/%m}"
        month = (month - timedelta(days=1)).replace(day=1)
