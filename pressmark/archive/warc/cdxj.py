"""CDXJ: the index of a segment, for replay tools such as pywb.

One line per response or revisit: the SURT of its URL, a time, and a JSON object. The lines are those of `cdxj-indexer
--sort --fields warc-record-id,warc-date`, without lines of status 304: pywb would replay those as empty pages.
"""

import json
import logging
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import surt
from fastwarc.warc import WarcRecordType
from warcio.timeutils import iso_date_to_timestamp

from pressmark.archive.s3.store import Store
from pressmark.archive.warc.http_head import read_head
from pressmark.archive.warc.record_reader import located
from pressmark.errors import FindingsFound
from pressmark.model import keys, strict_json
from pressmark.model.capture import Capture
from pressmark.model.document import capture_of

SUFFIX = ".cdxj"
NOT_MODIFIED = "304"
REVISIT = "warc/revisit"
MOST = strict_json.MOST
"""Maximum bytes of an index that is read; a segment is sealed when its index has a quarter of that."""
_DIGITS = re.compile(r"[0-9]{1,18}")
_END_OF_TYPE = re.compile(r"[;\s]")

logger = logging.getLogger(__name__)


def index_key(segment_key: str) -> str:
    """Return the key of a segment's index: beside it."""
    return segment_key.removesuffix(".warc.gz") + SUFFIX


class Index:
    """The CDXJ of a segment that may still grow; it is built step by step, so that sealing is fast.

    Args:
        name: file name of the sealed segment.
    """

    def __init__(self, name: str) -> None:
        self.end = 0
        """Indexed bytes of the segment."""
        self.size = 0
        """Bytes of the index; it is ASCII."""
        self._name, self._lines = name, set[str]()

    def read_on(self, path: Path, size: int) -> None:
        """Add the records up to this size, which must be the end of a record."""
        with path.open("rb") as file:
            file.seek(self.end)
            for facts, offset, length in located(file, size, facts_of):
                if facts and facts["status"] != NOT_MODIFIED:
                    line = line_of(facts, offset, length, self._name)
                    self._lines.add(line)
                    self.size += len(line)
        self.end = size

    def __str__(self) -> str:
        return "".join(sorted(self._lines))


def index(path: Path) -> str:
    """Return the CDXJ of a sealed segment, sorted."""
    whole = Index(path.name)
    whole.read_on(path, path.stat().st_size)
    return str(whole)


def captures(store: Store, site: str, day: datetime) -> dict[str, Capture]:
    """Return the newest capture with a payload of each URL on a day (UTC), from the indexes in the bucket.

    An unreadable index or line is left out: its captures are stored again.
    """
    prefix = keys.segments(site, day)
    indexes = (key for key in store.keys(prefix) if key.endswith(SUFFIX))
    return {capture.url: capture for key in indexes for capture in payloads(store, key)}


def payloads(store: Store, key: str, url: str = "") -> Iterator[Capture]:
    """Return the captures with a payload from a segment's index, in its order.

    An unreadable or missing index counts as empty; an unreadable line is left out. Both are logged.

    Args:
        store: the bucket.
        key: key of the index.
        url: lines without this text are skipped.

    Raises:
        BucketError: the bucket failed.
    """
    folder = key.rpartition("/")[0]
    odd: list[str] = []
    for line in _lines(store, key):
        if url in line:
            try:
                facts = _entry(line)
                if facts.get("mime") != REVISIT:
                    yield _capture(f"{folder}/{facts['filename']}", facts)
            except (ValueError, LookupError, TypeError, AttributeError) as error:
                odd.append(f"{type(error).__name__}: {error}")
    if odd:
        logger.warning("index %s: lines that can't be read are left out: %s, e.g. (%s)", key, len(odd), odd[0])


def _lines(store: Store, key: str) -> list[str]:
    try:
        return store.get(key, most=MOST).decode().splitlines()
    except (KeyError, ValueError, FindingsFound) as error:
        logger.warning("index %s can't be read (%s: %s)", key, type(error).__name__, error)
        return []


def entries(index: str) -> Iterator[dict[str, Any]]:
    """Return the JSON of each line of an index that this process built."""
    return map(_entry, index.splitlines())


def _entry(line: str) -> dict[str, Any]:
    return strict_json.load_object(line.split(" ", 2)[2].encode())


def _capture(warc: str, facts: Mapping[str, Any]) -> Capture:
    return capture_of(
        {
            "url": facts["url"],
            "warc": warc,
            "offset": _number(facts["offset"]),
            "length": _number(facts["length"]),
            "recordId": facts["warc-record-id"].strip("<>"),
            "payloadDigest": facts["digest"],
            "capturedAt": facts["warc-date"],
            "status": _number(facts.get("status", "0")),
        }
    )


def _number(digits: str) -> int:
    """Read a number as `line_of` writes it."""
    if not _DIGITS.fullmatch(digits):
        raise ValueError(f"{digits[:20]!r} is no number")
    return int(digits)


def facts_of(record: Any) -> dict[str, Any] | None:
    """Return the fields of a record's line, without its location; None for a record without a line."""
    if record.record_type not in (WarcRecordType.response, WarcRecordType.revisit):
        return None
    http = read_head(record.reader)
    mime = http and http.get("content-type")
    return {
        "url": record.headers["WARC-Target-URI"].replace(" ", "%20"),  # As warcio reads it.
        "mime": REVISIT if record.record_type == WarcRecordType.revisit else mime and _mime(mime),
        "status": (http and http.status) or None,  # Empty if an older release recorded a line before the status line.
        "digest": record.headers.get("WARC-Payload-Digest"),
        "length": None,  # Keeps the order of fields.
        "offset": None,
        "filename": None,
        "warc-record-id": record.headers["WARC-Record-ID"],
        "warc-date": record.headers["WARC-Date"],
    }


def line_of(facts: dict[str, Any], offset: int, length: int, name: str) -> str:
    """Return the line of a record in the segment `name`; offset and length of its gzip member are in bytes."""
    facts = {**facts, "length": str(length), "offset": str(offset), "filename": name}
    text = json.dumps({name: fact for name, fact in facts.items() if fact is not None})
    return f"{_surt(facts['url'])} {iso_date_to_timestamp(facts['warc-date'])} {text}\n"


def _mime(content_type: str) -> str:
    return _END_OF_TYPE.split(content_type, maxsplit=1)[0].strip()


def _surt(url: str) -> str:
    try:
        return str(surt.surt(url))
    except Exception:  # noqa: BLE001 - like cdxj-indexer: an unknown kind of URL is kept as it is
        return url
