"""Manifests: one JSON per run, written last. A run without a manifest is not committed."""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import takewhile

from pressmark.archive.bucket.manifest_model import Manifest, manifest_of
from pressmark.archive.s3.store import TEXT, Store
from pressmark.errors import FindingsFound
from pressmark.model import keys, strict_json
from pressmark.text import clean_data

__all__ = ["Manifest"]

LOOK_BACK = timedelta(days=31)
_TIMED = re.compile(r"\d{8}T\d{6}", re.ASCII)
NAME = re.compile(r"\d{4}/\d\d/\d\d/[^/]+\.json")
"""Name of a manifest in its section; a section may contain other sections."""


def key_of(manifest: Manifest) -> str:
    """Return the key of a run's manifest."""
    return keys.manifest(manifest.site, manifest.section, manifest.started_at, manifest.run_id)


def write(store: Store, manifest: Manifest) -> str:
    """Write a run's manifest and return its key."""
    key = key_of(manifest)
    store.put(key, json.dumps(clean_data(manifest.to_json()), ensure_ascii=False, indent=1).encode() + b"\n")
    return key


def read(store: Store, key: str) -> Manifest:
    """Read a manifest.

    Raises:
        KeyError: it does not exist.
        FindingsFound: the object is not a manifest.
    """
    return parse(key, store.get(key, most=strict_json.MOST))


def parse(key: str, data: bytes) -> Manifest:
    """Read the bytes of the manifest with this key.

    Raises:
        FindingsFound: they are not a manifest, or one of a later release or of another run.
    """
    try:
        manifest = manifest_of(strict_json.load_object(data))
    except strict_json.InvalidJson as error:
        raise FindingsFound(f"{key} is no manifest: {error}") from None
    if key_of(manifest) != key:
        raise FindingsFound(f"{key} is no manifest: it belongs to another run, {key_of(manifest)[:200]!r}")
    return manifest


def start(store: Store, site: str, section: str, started_at: datetime, run_id: str) -> None:
    """Write a start mark, so that the next run knows if this one never wrote its manifest."""
    store.put(keys.started(site, section, started_at, run_id), b"", TEXT)


def latest(store: Store, site: str, section: str, now: datetime | None = None) -> Manifest | None:
    """Return a section's newest manifest (`newest_key`), or None."""
    newest = newest_key(store, site, section, now)
    return read_listed(store, newest) if newest else None


def read_listed(store: Store, key: str) -> Manifest:
    """Read a manifest from a listing.

    Raises:
        FindingsFound: it is not a manifest, or was deleted after the listing.
    """
    try:
        return read(store, key)
    except KeyError:
        raise FindingsFound(f"{key} was listed, but does not exist any more") from None


def newest_key(store: Store, site: str, section: str, now: datetime | None = None) -> str | None:
    """Return the key of a section's newest manifest in the last 31 days, today included.

    Without one, a clock may have been set back: then it is the newest of those that began later than now.
    """
    return next(filter(None, newest_first(store, site, section, now)), None)


def newest_first(store: Store, site: str, section: str, now: datetime | None = None) -> Iterator[str | None]:
    """Return the manifest keys of a section's runs, in the order of `newest_key`; None for each run without one."""
    now = now or datetime.now(UTC)
    for found in map(set, _days(store, keys.runs(site, section), now)):
        runs = {key.removesuffix(end) for key in found for end in (keys.STARTED, keys.MANIFEST) if key.endswith(end)}
        for run in sorted(runs, reverse=True):
            key = run + keys.MANIFEST
            yield key if key in found else None


def is_ahead(key: str, now: datetime) -> bool:
    """Return whether the run of a manifest began later than now, because a clock was ahead or was set back.

    A run id without a time has only its day.
    """
    day, _, name = key.rpartition("/")
    today = keys.day_of(now)
    if not day.endswith(today):
        return day[-len(today) :] > today
    return bool(_TIMED.match(name)) and name > f"{now.astimezone(UTC):%Y%m%dT%H%M%S}~"


def any_ahead(store: Store, site: str, section: str, now: datetime) -> bool:
    """Return whether a run of the section began later than now, because a clock was ahead or was set back."""
    prefix = keys.runs(site, section)
    ahead = store.keys(prefix, after=f"{prefix}{keys.day_of(now)}/{now.astimezone(UTC):%Y%m%dT%H%M%S}~")
    return next(ahead, "~") < f"{prefix}:"  # As above; "~" sorts after all keys.


def _days(store: Store, prefix: str, now: datetime) -> Iterator[Iterable[str]]:
    today = list(store.keys(f"{prefix}{keys.day_of(now)}/"))
    yield (key for key in today if not is_ahead(key, now))
    for days in range(1, LOOK_BACK.days + 1):
        yield store.keys(f"{prefix}{keys.day_of(now - timedelta(days))}/")
    later = store.keys(prefix, after=f"{prefix}{keys.day_of(now)}/~")  # "~" sorts after all run ids,
    yield takewhile(lambda key: key < f"{prefix}:", later)  # and ":" after all years: deeper sections follow.
    yield (key for key in today if is_ahead(key, now))


def below(store: Store, prefix: str, day: datetime | None = None, run_id: str | None = None) -> Iterator[str]:
    """Return the keys of manifests, oldest first within their section.

    Args:
        store: the bucket.
        prefix: `<site>/`, `<site>/<section>/`, or empty for all.
        day: only runs that began on this day, UTC.
        run_id: only this run.
    """
    began = f"/{keys.day_of(day)}/" if day else ""
    ending = f"/{run_id}.json" if run_id else ".json"
    return (key for key in store.keys(keys.RUNS + prefix) if key.endswith(ending) and began in key)


def since(store: Store, site: str, section: str, day: date | None) -> Iterator[str]:
    """Return the keys of a section's manifests, oldest first, of runs that began on this day (UTC) or later."""
    prefix = keys.runs(site, section)
    found = store.keys(prefix, after=f"{prefix}{day:%Y/%m/%d}" if day else "")
    within = takewhile(lambda key: key < f"{prefix}:", found)  # After all years: deeper sections follow.
    return (key for key in within if key.endswith(keys.MANIFEST))


def sections(store: Store, site: str, below: str = "") -> Iterator[str]:
    """Find the sections that have runs, folder by folder: names may have slashes, and days are numbers."""
    names = list(store.folders(f"{keys.RUNS}{site}/{below}"))
    if any(name.isdecimal() for name in names):
        yield below.rstrip("/")
    for name in names:
        if not name.isdecimal():
            yield from sections(store, site, f"{below}{name}/")
