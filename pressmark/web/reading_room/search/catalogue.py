"""The catalogue: all versions of the archive with a full-text index, in a SQLite file of the reading room.

It is built from the bucket's exports (`exports/<site>/jsonl/`), day by day. A day is read again when the ETag of its
export changes. A deleted file is rebuilt.
"""

import gzip
import sqlite3
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import date, datetime
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

import attrs

from pressmark.archive.s3.store import Store
from pressmark.model import keys, strict_json
from pressmark.model.json_model import Unfit, moment, text
from pressmark.private import make_folder
from pressmark.web.reading_room.search.tokenize import separate_cjk

_STEPS = 1000
"""Instructions of SQLite's virtual machine between two checks of the clock: some tens of microseconds."""
FORMAT = 2
"""A catalogue of another format is rebuilt."""
_TABLES = """
CREATE TABLE days (
    site TEXT, day TEXT, etag TEXT, articles INTEGER, versions INTEGER, PRIMARY KEY (site, day)
) WITHOUT ROWID;
CREATE TABLE versions (
    id INTEGER PRIMARY KEY, site TEXT, day TEXT, article TEXT, updated TEXT, captured TEXT,
    headline TEXT, standfirst TEXT, section TEXT, versions INTEGER  -- of its article, at the newest; 0 at the others
);
CREATE INDEX of_day ON versions (site, day, updated);
CREATE INDEX newest ON versions (updated) WHERE versions;
CREATE INDEX of_site ON versions (site, updated) WHERE versions;
CREATE INDEX of_section ON versions (site, section, updated) WHERE versions;
CREATE VIRTUAL TABLE texts USING fts5 (
    headline, body, tokenize = "porter unicode61 remove_diacritics 2", prefix = "2 3"
);
"""


class SearchTimeout(Exception):
    """A search was not done in time."""


@attrs.frozen
class Refreshed:
    """Result of a refresh."""

    days: int = 0
    """Days that were read."""
    versions: int = 0
    """Versions of these days."""
    problems: tuple[str, ...] = ()
    """Errors of exports that can't be read. Their days stay as they were; the next refresh tries again."""


class Catalogue:
    """A catalogue of some sites. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writing = Lock()
        make_folder(path.parent, ours=False)  # It may be a user's own folder.
        with suppress(FileNotFoundError, PermissionError):
            path.chmod(0o600)  # An earlier release may have created it.
        with closing(self._connect()) as found:
            [known] = found.execute("PRAGMA user_version").fetchone()
        if known != FORMAT:
            self._make()

    def refresh(self, store: Store, sites: Iterable[str]) -> Refreshed:
        """Read the exports that changed, newest days first; remove days and sites without exports.

        Raises:
            BucketError: the bucket can't be used.
        """
        days = versions = 0
        problems = []
        with self._writing, closing(self._connect()) as known:
            exports = {(site, day): export for site in sites for day, *export in _exports(store, site)}
            etags = {(site, day): etag for site, day, etag in known.execute("SELECT site, day, etag FROM days")}
            for gone in etags.keys() - exports.keys():
                with known:
                    _delete_day(known, *gone)
            for (site, day), (key, etag) in sorted(exports.items(), key=lambda each: each[0][1], reverse=True):
                if etags.get((site, day)) == etag:
                    continue
                try:
                    with known, _lines(store, key) as lines:
                        versions += _replace_day(known, site, day, etag, lines)
                    days += 1
                except (ValueError, LookupError, OSError, EOFError, zlib.error) as error:
                    problems.append(f"{key} can't be read: {type(error).__name__}: {error}")
        return Refreshed(days, versions, tuple(problems))

    @contextmanager
    def reading(self, seconds: float | None = None) -> Iterator[sqlite3.Connection]:
        """Return a connection with a snapshot of the catalogue; its rows have named columns.

        Args:
            seconds: time limit for all queries together.

        Raises:
            SearchTimeout: they took longer and were stopped.
        """
        with closing(self._connect()) as connection:
            connection.row_factory = sqlite3.Row
            connection.execute("BEGIN")
            if seconds is None:
                yield connection
                return
            end = time.monotonic() + seconds
            connection.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
            try:
                yield connection
            except sqlite3.OperationalError as error:
                if time.monotonic() > end:
                    raise SearchTimeout from error
                raise

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=30)
        connection.execute("PRAGMA journal_mode = WAL")  # Readers continue while a day is written.
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    def _make(self) -> None:
        for path in self._path.parent.glob(f"{self._path.name}*"):
            path.unlink()
        self._path.touch(mode=0o600)  # SQLite gives the files beside it the same mode.
        with closing(self._connect()) as made:
            made.executescript(f"{_TABLES} PRAGMA user_version = {FORMAT};")


def _exports(store: Store, site: str) -> Iterator[tuple[str, str, str]]:
    """Return the day, key and ETag of each of a site's exports."""
    for key, etag in store.etags(keys.exports_of_lines(site)):
        day = key.rpartition("date=")[2].partition("/")[0]
        try:
            wanted = keys.export_lines(site, date.fromisoformat(day))
        except ValueError:
            continue  # Not an export of ours.
        if key == wanted:
            yield day, key, etag


@contextmanager
def _lines(store: Store, key: str) -> Iterator[Iterable[bytes]]:
    with tempfile.TemporaryFile(prefix="pressmark-export-") as file:
        store.fetch(key, file)
        file.seek(0)
        with gzip.GzipFile(fileobj=file) as lines:
            yield iter(partial(lines.readline, strict_json.MOST + 1), b"")  # A longer line is invalid.


def _delete_day(known: sqlite3.Connection, site: str, day: str) -> None:
    of_day = (site, day)
    known.execute("DELETE FROM texts WHERE rowid IN (SELECT id FROM versions WHERE site = ? AND day = ?)", of_day)
    known.execute("DELETE FROM versions WHERE site = ? AND day = ?", of_day)
    known.execute("DELETE FROM days WHERE site = ? AND day = ?", of_day)


def _replace_day(known: sqlite3.Connection, site: str, day: str, etag: str, lines: Iterable[bytes]) -> int:
    """Replace the versions of a day; return their number."""
    _delete_day(known, site, day)
    newest: dict[str, tuple[str, int]] = {}
    counts: Counter[str] = Counter()
    for line in lines:
        found, body = _read(line)
        row = {"site": site, "day": day} | found
        [number] = known.execute(
            "INSERT INTO versions (site, day, article, updated, captured, headline, standfirst, section, versions)"
            " VALUES (:site, :day, :article, :updated, :captured, :headline, :standfirst, :section, 0) RETURNING id",
            row,
        ).fetchone()
        known.execute(
            "INSERT INTO texts (rowid, headline, body) VALUES (?, ?, ?)",
            (number, separate_cjk(row["headline"]), separate_cjk(body)),
        )
        article = row["article"]
        newest[article] = max(newest.get(article, ("", 0)), (row["updated"], number))
        counts[article] += 1
    known.executemany(
        "UPDATE versions SET versions = ? WHERE id = ?",
        [(counts[article], number) for article, (_, number) in newest.items()],
    )
    known.execute("INSERT INTO days VALUES (?, ?, ?, ?, ?)", (site, day, etag, len(newest), counts.total()))
    return counts.total()


def _read(line: bytes) -> tuple[dict[str, Any], str]:
    """Return a version's row and its body.

    Raises:
        InvalidJson: the line is no version.
    """
    version = strict_json.load_object(line)
    try:
        return _row(version), text(version["articleBody"])
    except Unfit as error:
        raise strict_json.InvalidJson(f"a field has another type: {error}") from None
    except (LookupError, TypeError) as error:
        raise strict_json.InvalidJson(f"no version: {type(error).__name__}: {error}") from None


def _row(version: dict[str, Any]) -> dict[str, Any]:
    return {
        "article": text(version["identifier"]),
        "updated": _written(moment(version["dateModified"])),
        "captured": _written(moment(version["pressmark"]["captures"][0]["capturedAt"])),
        "headline": text(version["headline"]),
        "standfirst": text(version.get("alternativeHeadline", "")) or None,
        "section": text(version.get("articleSection", "")) or None,
    }


def _written(time: datetime) -> str:
    return time.isoformat(timespec="seconds")
