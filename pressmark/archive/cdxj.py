"""CDXJ: the index of a segment, by which replay tools find a record (pywb, `cdxj-indexer`).

One line a response or revisit: the SURT of its URL, a time, and a JSON object. It is, line for line, what `cdxj-indexer
--sort --fields warc-record-id,warc-date` makes of the segment, but for lines of status 304: pywb would replay those as
empty pages.
"""

import json
import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import surt
from fastwarc.warc import WarcRecordType
from warcio.timeutils import iso_date_to_timestamp

from pressmark.archive import keys
from pressmark.archive.records import located
from pressmark.archive.store import Store
from pressmark.capture import Capture

SUFFIX = ".cdxj"
NOT_MODIFIED = "304"
REVISIT = "warc/revisit"
_END_OF_TYPE = re.compile(r"[;\s]")

logger = logging.getLogger(__name__)


def index_key(segment_key: str) -> str:
    """Return the key of a segment's index: beside it."""
    return segment_key.removesuffix(".warc.gz") + SUFFIX


class Index:
    """The CDXJ of a segment that may still grow; it is read bit by bit, so that little is left to do when it is sealed.

    Args:
        name: file name of the sealed segment.
    """

    def __init__(self, name: str) -> None:
        self.end = 0
        """Bytes of the segment that are in the index."""
        self._name, self._lines = name, set[str]()

    def read_on(self, path: Path, size: int) -> None:
        """Take in the records up to this size, which is where one ends."""
        with path.open("rb") as file:
            file.seek(self.end)
            for facts, offset, length in located(file, size, facts_of):
                if facts and facts["status"] != NOT_MODIFIED:
                    self._lines.add(line_of(facts, offset, length, self._name))
        self.end = size

    def __str__(self) -> str:
        return "".join(sorted(self._lines))


def index(path: Path) -> str:
    """Return the CDXJ of a sealed segment, sorted."""
    whole = Index(path.name)
    whole.read_on(path, path.stat().st_size)
    return str(whole)


def captures(store: Store, site: str, day: datetime) -> dict[str, Capture]:
    """Return the newest capture of each URL on a day (UTC) that has a payload, by the indexes in the bucket.

    An index that can't be read, whoever wrote it, is left out: its captures are kept again instead of referred to.
    """
    prefix = keys.segments(site, day)
    found: dict[str, Capture] = {}
    for key in store.keys(prefix):
        if key.endswith(SUFFIX):
            try:
                found |= _captures(prefix, store.get(key).decode())
            except (ValueError, LookupError, TypeError, AttributeError) as error:
                logger.warning("index %s can't be read (%s: %s)", key, type(error).__name__, error)
    return found


def _captures(prefix: str, index: str) -> dict[str, Capture]:
    return {capture.url: capture for capture in payloads(prefix, index)}


def payloads(prefix: str, index: str) -> Iterator[Capture]:
    """Return the captures of a segment's index that have a payload, in its order.

    Args:
        prefix: of the segment's key, before its name.
        index: the text of its index.

    Raises:
        ValueError, LookupError, TypeError, AttributeError: it is no index.
    """
    lines = (json.loads(line.split(" ", 2)[2]) for line in index.splitlines())
    return (_capture(prefix + facts["filename"], facts) for facts in lines if facts.get("mime") != REVISIT)


def _capture(warc: str, facts: dict[str, str]) -> Capture:
    return Capture(
        url=facts["url"],
        warc=warc,
        offset=int(facts["offset"]),
        length=int(facts["length"]),
        record_id=facts["warc-record-id"].strip("<>"),
        payload_digest=facts["digest"],
        captured_at=datetime.fromisoformat(facts["warc-date"]).astimezone(UTC),
        status=int(facts.get("status", 0)),
    )


def facts_of(record: Any) -> dict[str, Any] | None:
    """Return what a line says of a record, but where it lies; None of a record that is not in an index."""
    if record.record_type not in (WarcRecordType.response, WarcRecordType.revisit):
        return None
    http = record.http_headers
    mime = http.get("Content-Type") if http is not None else None
    return {
        "url": record.headers["WARC-Target-URI"],
        "mime": REVISIT if record.record_type == WarcRecordType.revisit else mime and _mime(mime),
        "status": str(http.status_code) if http is not None and http.status_code else None,
        "digest": record.headers.get("WARC-Payload-Digest"),
        "length": None,  # Here, so that it stands here.
        "offset": None,
        "filename": None,
        "warc-record-id": record.headers["WARC-Record-ID"],
        "warc-date": record.headers["WARC-Date"],
    }


def line_of(facts: dict[str, Any], offset: int, length: int, name: str) -> str:
    """Return the line of a record of the segment of this name; offset and length of its gzip member are in bytes."""
    facts = {**facts, "length": str(length), "offset": str(offset), "filename": name}
    told = json.dumps({name: fact for name, fact in facts.items() if fact is not None})
    return f"{_surt(facts['url'])} {iso_date_to_timestamp(facts['warc-date'])} {told}\n"


def _mime(content_type: str) -> str:
    return _END_OF_TYPE.split(content_type, maxsplit=1)[0].strip()


def _surt(url: str) -> str:
    try:
        return str(surt.surt(url))
    except Exception:  # noqa: BLE001 - as cdxj-indexer does: a URL of no known form stands for itself
        return url
