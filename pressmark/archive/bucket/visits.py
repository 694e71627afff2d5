"""Visits: what the last look at each watched article gave, handed from run to run beside the manifest.

A listing of keys tells which versions are known, and neither when an article was last looked at nor by what its server
knows the page again. So each run leaves this for the next, which needs one object, however large the archive is.
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
"""Bytes, unpacked: of a quarter of a million articles that are watched at once. What is larger is not read."""

logger = logging.getLogger(__name__)


@attrs.frozen(kw_only=True)
class VisitedPage(JsonModel):
    """One page of an article as it was last had, and how to ask whether it is still the same."""

    original: Original
    etag: str | None = None
    """Its ETag, as the server wrote it: each character stands for one byte (Latin-1); absent if it sent none."""
    last_modified: str | None = None
    """Its Last-Modified, likewise."""


@attrs.frozen(kw_only=True)
class Visit(JsonModel):
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
    reader: str | None = None
    """What read it then (`reader_of`); absent in visits of older releases."""


def write(store: Store, key: str, visits: Iterable[Visit]) -> Stored:
    """Write visits as gzipped JSON lines, at most `MOST` bytes of them: what is written can always be read.

    If there are more, those that no listing has shown for longest are left out, with a warning. An article that is
    left out is not watched any more; if a listing shows it again, it is visited as a new one.

    All in ASCII: validators are bytes of any value, spelled as Latin-1, and keep theirs.
    """
    file = BytesIO()
    with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
        packed.writelines(_newest(key, [(each.listed_at, _line(each)) for each in visits]))
    return store.put(key, file.getvalue(), GZIP)


def _line(visit: Visit) -> bytes:
    return json.dumps(visit.to_json()).encode() + b"\n"


def _newest(key: str, lines: list[tuple[datetime, bytes]]) -> Iterator[bytes]:
    """Return lines in their order; without the oldest if they are more than may be."""
    left_out = set[int]()
    over = sum(len(line) for _, line in lines) - MOST
    if over > 0:
        for number in sorted(range(len(lines)), key=lambda each: lines[each][0]):
            left_out.add(number)
            over -= len(lines[number][1])
            if over <= 0:
                break
        logger.warning(
            "%d of %d visits are left out of %s, of those that listings showed longest ago: at most %d bytes are read",
            *(len(left_out), len(lines), key, MOST),
        )
    return (line for number, (_, line) in enumerate(lines) if number not in left_out)


def read(store: Store, key: str) -> dict[str, Visit]:
    """Return the visits of an object by article id.

    One that can't be read is left out, and its article is visited again; so are all if the object is lost or damaged.
    """
    try:
        lines = _unpacked(store.get(key, most=MOST)).splitlines()
    except KeyError:
        return {}
    except (FindingsFound, zlib.error, ValueError) as error:
        logger.warning("visits %s can't be read (%s: %s): all is visited", key, type(error).__name__, error)
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
    """Return what was gzipped, if it is whole and no larger than may be."""
    unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
    found = unpacking.decompress(data, MOST)
    if not unpacking.eof or unpacking.unused_data:
        raise ValueError(f"no whole gzip of {MOST} bytes at most")
    return found
