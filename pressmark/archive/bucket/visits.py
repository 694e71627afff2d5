"""Visits: the result of the last visit to each watched article, passed from run to run beside the manifest.

A listing of keys shows the known versions, but neither the last visit nor the validators of the pages (ETag and
Last-Modified). So each run writes its visits for the next one, which reads one object, however large the archive is.
"""

import gzip
import json
import logging
import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from io import BytesIO

import attrs

from pressmark.archive.s3.store import GZIP, Store, Stored
from pressmark.errors import FindingsFound
from pressmark.model import strict_json
from pressmark.model.capture import Original
from pressmark.model.json_model import JsonModel

MOST = 128 << 20
"""Uncompressed bytes: enough for 250,000 watched articles. A larger object is not read."""

logger = logging.getLogger(__name__)


@attrs.frozen(kw_only=True)
class VisitedPage(JsonModel):
    """One page of an article at its last visit, with its validators for a conditional request."""

    original: Original
    etag: str | None = None
    """Its ETag as the server sent it: each character is one byte (Latin-1); absent if the server sent no ETag."""
    last_modified: str | None = None
    """Its Last-Modified, in the same form."""


@attrs.frozen(kw_only=True)
class Visit(JsonModel):
    """The last successful visit to an article."""

    article_id: str
    url: str
    printed_day: str
    """The day as written in the URL."""
    created_at: datetime
    """Aware; the time when it was first seen if the article could not be read."""
    visited_at: datetime
    """Aware; start of the run that visited it."""
    listed_at: datetime
    """Aware; start of the last run with a listing that showed it."""
    pages: tuple[VisitedPage, ...] = ()
    """All its pages in order; empty if it was withdrawn."""
    version: str | None = None
    """Its version key; absent if the article could not be read."""
    content_sha256: str | None = None
    """Its `contentSha256`; differs from the version's after a silent edit."""
    reader: str | None = None
    """Layout and extractor that read it (`reader_of`); absent in visits of older releases."""


def write(store: Store, key: str, visits: Iterable[Visit]) -> Stored:
    """Write visits as gzipped JSON lines, at most `MOST` bytes of them, so that they can always be read.

    If there are more, those that listings showed longest ago are left out, with a warning. Such an article is not
    watched any more; if a listing shows it again, it is visited as a new one.

    The JSON is ASCII: validators are arbitrary bytes, stored as Latin-1 characters.
    """
    file = BytesIO()
    with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
        packed.writelines(_newest(key, [(each.listed_at, _line(each)) for each in visits]))
    return store.put(key, file.getvalue(), GZIP)


def _line(visit: Visit) -> bytes:
    return json.dumps(visit.to_json()).encode() + b"\n"


def _newest(key: str, lines: list[tuple[datetime, bytes]]) -> Iterator[bytes]:
    """Return lines in their order, without the oldest if there are too many."""
    left_out = set[int]()
    over = sum(len(line) for _, line in lines) - MOST
    if over > 0:
        for number in sorted(range(len(lines)), key=lambda each: lines[each][0]):
            left_out.add(number)
            over -= len(lines[number][1])
            if over <= 0:
                break
        logger.warning(
            "%d of %d visits are left out of %s, those that listings showed longest ago: at most %d bytes are read",
            *(len(left_out), len(lines), key, MOST),
        )
    return (line for number, (_, line) in enumerate(lines) if number not in left_out)


def read(store: Store, key: str) -> dict[str, Visit]:
    """Return the visits of an object by article id.

    An unreadable visit is left out, and its article is visited again; all are if the object is missing or damaged.
    """
    try:
        lines = _unpacked(store.get(key, most=MOST)).splitlines()
    except KeyError:
        return {}
    except (FindingsFound, zlib.error, ValueError) as error:
        logger.warning("visits %s can't be read (%s: %s): all articles are visited", key, type(error).__name__, error)
        return {}
    found, bad = dict[str, Visit](), list[str]()
    for number, line in enumerate(lines, 1):
        try:
            visit = Visit.from_json(strict_json.load_object(line))
        except strict_json.InvalidJson as error:
            bad.append(f"line {number}: {error}")
        else:
            found[visit.article_id] = visit
    if bad:
        logger.warning(
            "%d of %d visits of %s can't be read, and their articles are visited again; the first is %s",
            *(len(bad), len(lines), key, bad[0]),
        )
    return found


def _unpacked(data: bytes) -> bytes:
    """Decompress a complete gzip of at most `MOST` bytes."""
    unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
    found = unpacking.decompress(data, MOST)
    if not unpacking.eof or unpacking.unused_data:
        raise ValueError(f"no whole gzip of {MOST} bytes at most")
    return found
