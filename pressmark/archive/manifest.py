"""Manifests: one JSON per run, written last. A run without one has not been committed."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Any

from pressmark.archive import keys
from pressmark.archive.store import TEXT, Store
from pressmark.errors import FindingsFound

LOOK_BACK = timedelta(days=31)
NAME = re.compile(r"\d{4}/\d\d/\d\d/[^/]+\.json")
"""Of a manifest below its section; below a section there may be others."""

Manifest = dict[str, Any]


def key_of(manifest: Manifest) -> str:
    """Return the key of a run's manifest."""
    started_at = datetime.fromisoformat(manifest["started_at"])
    return keys.manifest(manifest["site"], manifest["section"], started_at, manifest["run_id"])


def write(store: Store, manifest: Manifest) -> str:
    """Write a run's manifest and return its key."""
    key = key_of(manifest)
    store.put(key, json.dumps(manifest, ensure_ascii=False, indent=1).encode() + b"\n")
    return key


def read(store: Store, key: str) -> Manifest:
    """Read a manifest.

    Raises:
        KeyError: there is none.
        FindingsFound: what lies there is none.
    """
    data = store.get(key)
    try:
        manifest: Manifest = dict(json.loads(data))
        _check(manifest)
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise FindingsFound(f"{key} is no manifest: {type(error).__name__}: {error}") from None
    return manifest


def _check(manifest: Manifest) -> None:
    """Hold what all readers of manifests lean on."""
    datetime.fromisoformat(manifest["started_at"])
    for said in listed(manifest):
        if [type(said[name]) for name in ("key", "size", "sha256")] != [str, int, str]:
            raise TypeError(f"it says {said} of an object")


def listed(manifest: Manifest) -> Iterator[dict[str, Any]]:
    """Return what a manifest says of each object of its run: key, size in bytes and SHA-256 (hex)."""
    for segment in manifest["segments"]:
        yield segment
        yield segment["index"]
    yield from manifest["objects"]
    if "visits" in manifest:
        yield manifest["visits"]


def start(store: Store, site: str, section: str, started_at: datetime, run_id: str) -> None:
    """Leave a mark that a run has begun, so that the next one knows if it never came to its manifest."""
    store.put(keys.started(site, section, started_at, run_id), b"", TEXT)


def latest(store: Store, site: str, section: str, now: datetime | None = None) -> Manifest | None:
    """Return a section's newest manifest (`newest_key`), or None when there is none."""
    newest = newest_key(store, site, section, now)
    return read(store, newest) if newest else None


def newest_key(store: Store, site: str, section: str, now: datetime | None = None) -> str | None:
    """Return the key of a section's newest manifest in the last 31 days, today included.

    If there is none, a clock may have been set back: then it is the newest of all that began behind today.
    """
    return next(filter(None, newest_first(store, site, section, now)), None)


def newest_first(store: Store, site: str, section: str, now: datetime | None = None) -> Iterator[str | None]:
    """Return the manifest keys of a section's runs, in the order of `newest_key`; None for each run that has none."""
    for found in map(set, _days(store, keys.runs(site, section), now or datetime.now(UTC))):
        runs = {key.removesuffix(end) for key in found for end in (keys.STARTED, keys.MANIFEST) if key.endswith(end)}
        for run in sorted(runs, reverse=True):
            key = run + keys.MANIFEST
            yield key if key in found else None


def any_ahead(store: Store, site: str, section: str, now: datetime) -> bool:
    """Tell whether a run of the section began later than now, by a clock that was set back since, or goes ahead."""
    prefix = keys.runs(site, section)
    ahead = store.keys(prefix, after=f"{prefix}{keys.day_of(now)}/{now.astimezone(UTC):%Y%m%dT%H%M%S}~")
    return next(ahead, "~") < f"{prefix}:"  # As above; "~" sorts behind all.


def _days(store: Store, prefix: str, now: datetime) -> Iterator[Iterator[str]]:
    for days in range(LOOK_BACK.days + 1):
        yield store.keys(f"{prefix}{keys.day_of(now - timedelta(days))}/")
    ahead = store.keys(prefix, after=f"{prefix}{keys.day_of(now)}/~")  # "~" sorts behind all run ids,
    yield takewhile(lambda key: key < f"{prefix}:", ahead)  # and ":" behind all years: there are sections below.


def below(store: Store, prefix: str, day: datetime | None = None, run_id: str | None = None) -> Iterator[str]:
    """Return the keys of manifests, oldest first within their section.

    Args:
        store: the bucket.
        prefix: `<site>/`, `<site>/<section>/`, or nothing for all.
        day: only those of runs that began on this day, UTC.
        run_id: only that of this run.
    """
    began = f"/{keys.day_of(day)}/" if day else ""
    ending = f"/{run_id}.json" if run_id else ".json"
    return (key for key in store.keys(keys.RUNS + prefix) if key.endswith(ending) and began in key)


def sections(store: Store, site: str, below: str = "") -> Iterator[str]:
    """Find the sections that have runs, folder by folder: their names may have slashes, their days are numbers."""
    names = list(store.folders(f"{keys.RUNS}{site}/{below}"))
    if any(name.isdecimal() for name in names):
        yield below.rstrip("/")
    for name in names:
        if not name.isdecimal():
            yield from sections(store, site, f"{below}{name}/")
