"""Visits: what the last look at each watched article gave, handed from run to run beside the manifest.

A listing of keys tells which versions are known, and neither when an article was last looked at nor by what its server
knows the page again. So each run leaves this for the next, which needs one object, however large the archive is.
"""

import gzip
import json
import logging
import zlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import attrs

from pressmark.archive.store import GZIP, Store, Stored
from pressmark.capture import Original

logger = logging.getLogger(__name__)


@attrs.frozen(kw_only=True)
class VisitedPage:
    """One page of an article as it was last had, and how to ask whether it is still the same."""

    original: Original
    etag: str | None = None
    """Its ETag, as the server wrote it; absent if it sent none."""
    last_modified: str | None = None
    """Its Last-Modified, likewise."""


@attrs.frozen(kw_only=True)
class Visit:
    """The last visit to an article that was had."""

    article_id: str
    url: str
    printed_day: str
    """The day in the URL, as it stands there."""
    created_at: datetime
    """Aware; when it was first seen if it could not be read."""
    visited_at: datetime
    """Aware; when the run began that visited it."""
    listed_at: datetime
    """Aware; when the last run began whose listing showed it."""
    pages: tuple[VisitedPage, ...] = ()
    """All its pages, in their order; none if it was withdrawn."""
    version: str | None = None
    """The version key it had; absent if it could not be read."""
    content_sha256: str | None = None
    """What `contentSha256` was then; other than the version's own if it was edited silently."""


def write(store: Store, key: str, visits: Iterable[Visit]) -> Stored:
    """Write visits as gzipped JSON lines."""
    lines = (json.dumps(attrs.asdict(each, value_serializer=_plain), ensure_ascii=False) for each in visits)
    return store.put(key, gzip.compress("".join(f"{line}\n" for line in lines).encode(), mtime=0), GZIP)


def read(store: Store, key: str) -> dict[str, Visit]:
    """Return the visits that lie there by article id; none if they are lost or can't be read."""
    try:
        written = store.get(key)
    except KeyError:
        return {}
    try:
        lines = gzip.decompress(written).decode().splitlines()
        visits = [_visit(json.loads(line)) for line in lines]
    except (OSError, EOFError, zlib.error, ValueError, LookupError, TypeError) as error:
        logger.warning("visits %s can't be read (%s: %s): all is visited", key, type(error).__name__, error)
        return {}
    return {visit.article_id: visit for visit in visits}


def _plain(owner: object, field: object, value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _visit(facts: dict[str, Any]) -> Visit:
    pages = tuple(
        VisitedPage(**{**page, "original": Original(**_timed(page["original"], "captured_at"))})
        for page in facts["pages"]
    )
    return Visit(**{**_timed(facts, "created_at", "visited_at", "listed_at"), "pages": pages})


def _timed(facts: dict[str, Any], *names: str) -> dict[str, Any]:
    return facts | {name: datetime.fromisoformat(facts[name]) for name in names}
