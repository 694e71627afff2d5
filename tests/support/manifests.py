"""Manifests for tests: whole ones, as a run writes them, but for what a test wants to be otherwise."""

from datetime import datetime
from typing import Any

from pressmark.archive.bucket.manifest_model import Manifest
from pressmark.model.document import timestamp


def manifest_of(started_at: datetime, run_id: str | None = None, **changes: Any) -> Manifest:
    """Return the manifest of a run that saw nothing; `changes` are its JSON's."""
    return Manifest.from_json(facts_of(started_at, run_id, **changes))


def facts_of(started_at: datetime, run_id: str | None = None, **changes: Any) -> dict[str, Any]:
    """Return the same as JSON."""
    return {
        "schema": "schemas/manifest-1.json",
        "run_id": run_id or f"{started_at:%Y%m%dT%H%M%S}-a",
        "site": "news",
        "section": "world/europe",
        "started_at": timestamp(started_at),
        "ended_at": timestamp(started_at),
        "ended": "complete",
        "reason": None,
        "failure": None,
        "caught_up": True,
        "software": "pressmark 0",
        "parameters": {"scope": "newest", "pages": 5, "recheck": False},
        "counts": {"listing_pages": 0, "seen": 0, "not_due": 0},
        "newly_rejected": 0,
        "requisites": {"captured": 0, "failed": 0, "left_out": 0},
        "recovered": {"segments": 0, "published": 0, "bytes_cut": 0},
        "requests": [],
        "elsewhere": [],
        "articles": [],
        "segments": [],
        "objects": [],
    } | changes
