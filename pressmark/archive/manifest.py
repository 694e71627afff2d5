"""Manifests: one JSON per run, written last. A run without one has not been committed."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from pressmark.archive import keys
from pressmark.archive.store import Store

LOOK_BACK = timedelta(days=31)

Manifest = dict[str, Any]


def write(store: Store, manifest: Manifest) -> str:
    """Write a run's manifest and return its key."""
    started_at = datetime.fromisoformat(manifest["started_at"])
    key = keys.manifest(manifest["site"], manifest["section"], started_at, manifest["run_id"])
    store.put(key, json.dumps(manifest, ensure_ascii=False, indent=1).encode() + b"\n")
    return key


def read(store: Store, key: str) -> Manifest:
    """Read a manifest.

    Raises:
        KeyError: there is none.
    """
    manifest: Manifest = json.loads(store.get(key))
    return manifest


def latest(store: Store, site: str, section: str, now: datetime | None = None) -> Manifest | None:
    """Return a section's newest manifest, or None when the last 31 days have none."""
    day = now or datetime.now(UTC)
    oldest = day - LOOK_BACK
    while day >= oldest:
        found = list(store.keys(f"{keys.runs(site, section)}{keys.day_of(day)}/"))
        if found:
            return read(store, found[-1])
        day -= timedelta(days=1)
    return None


def every(store: Store, site: str, section: str) -> Iterable[str]:
    """Return the keys of all manifests of a section, oldest first."""
    return store.keys(keys.runs(site, section))
