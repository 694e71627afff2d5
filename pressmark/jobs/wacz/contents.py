"""What is in the WARCs of a package: its index, what its revisits refer to, and the pages among its captures."""

import os
from datetime import UTC, date, datetime
from typing import IO, Any

from fastwarc.warc import WarcRecordType

from pressmark.archive.warc import cdxj
from pressmark.archive.warc.gzip_member import ends_with
from pressmark.archive.warc.record_reader import located
from pressmark.model.json_model import FIRST_YEAR, LAST_YEAR
from pressmark.system.external_sort import SortedLines

_HTML = ("text/html", "application/xhtml+xml")
CaptureRef = tuple[str, str]
"""WARC-Date and WARC-Record-ID, without its angle brackets."""


class Contents:
    """Collected one WARC at a time.

    Args:
        lines: takes the index.
    """

    def __init__(self, lines: SortedLines) -> None:
        self.urls = set[str]()
        """URLs of all captures, including `304 Not Modified`."""
        self.pages: dict[str, list[CaptureRef]] = {}
        """Captures of HTML with status 200 and a payload, by URL."""
        self._lines = lines
        self._ids = set[str]()
        """Record ids of the captures with a payload."""
        self._referred: dict[str, date] = {}
        self._latest = datetime(1980, 1, 1, tzinfo=UTC)

    @property
    def ids(self) -> frozenset[str]:
        """WARC-Record-IDs of the captures with a payload, without angle brackets."""
        return frozenset(self._ids)

    @property
    def others(self) -> dict[str, date]:
        """Records that revisits refer to and these WARCs lack: WARC-Record-IDs, with the day of capture, UTC."""
        return {each: day for each, day in self._referred.items() if each not in self._ids}

    @property
    def latest(self) -> datetime:
        """When the last capture was made, UTC; 1980-01-01 without captures."""
        return self._latest

    def read(self, name: str, file: IO[bytes]) -> None:
        """Read a WARC from start to end.

        Args:
            name: of the WARC in the package.
            file: the WARC.

        Raises:
            OSError, ValueError, KeyError, TypeError, AttributeError: it is damaged, or a record lacks a WARC field or
                has an invalid time.
        """
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        last = 0
        for found, offset, length in located(file, size, _read):
            last = offset
            if found:
                facts, refers = found
                self._take(facts, refers)
                if facts["status"] != cdxj.NOT_MODIFIED:
                    self._lines.add([cdxj.line_of(facts, offset, length, name).encode()])
        if not ends_with(file, last, size):
            raise ValueError(f"there is data after the record at byte {last}")

    def _take(self, facts: dict[str, Any], refers: tuple[str, date] | None) -> None:
        record_id, url = facts["warc-record-id"].strip("<>"), facts["url"]
        self.urls.add(url)
        self._latest = max(self._latest, _moment(facts["warc-date"]))
        if facts["mime"] != cdxj.REVISIT:
            self._ids.add(record_id)
            if facts["status"] == "200" and facts["mime"] in _HTML:
                self.pages.setdefault(url, []).append((facts["warc-date"], record_id))
        elif refers:
            self._referred.update([refers])


def _read(record: Any) -> tuple[dict[str, Any], tuple[str, date] | None] | None:
    facts = cdxj.facts_of(record)
    if not facts:
        return None
    if record.record_type != WarcRecordType.revisit:
        return facts, None
    to, made = record.headers.get("WARC-Refers-To"), record.headers.get("WARC-Refers-To-Date")
    return facts, (to.strip("<>"), _moment(made).date()) if to and made else None


def _moment(text: str) -> datetime:
    """Return a time of a record in UTC; WARC 1.1 also allows dates without a time, but ours have one.

    Raises:
        ValueError: it is no time, or its year is out of range.
    """
    found = datetime.fromisoformat(text)
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise ValueError(f"{text} is no time of a capture")
    return found.astimezone(UTC)
