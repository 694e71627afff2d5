"""The merged index: one CDXJ for all segments of a month; replay tools and people find records in it.

Its lines are those of the segments' own indexes, in the order of their bytes, each once. Their `filename` is the bucket
key of the segment, so that pywb finds it with `archive_paths: s3://<bucket>/`.

A note beside it lists the segments' indexes in it, with their sizes, and the ETag of the merged index. The note is
compared with a listing of the month: a listing has every segment, also those of a run without a manifest. If both
agree, only new indexes are read. If the merged index is not the note's, or an index was changed or is missing, the
month is rebuilt from all its indexes.
"""

import hashlib
import json
import logging
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import IO

import attrs

from pressmark.archive.s3 import conditional_write
from pressmark.archive.s3.store import TEXT, THREADS, Store
from pressmark.archive.warc import cdxj
from pressmark.errors import BucketError, FindingsFound
from pressmark.model import keys, strict_json
from pressmark.model.json_model import JsonModel
from pressmark.private import opener
from pressmark.system.external_sort import SortedLines

_INDEXES_HELD = 16
"""Indexes that are held in memory at a time."""
_ATTEMPTS = 10
_MONTH = re.compile(r"\d{4}-\d\d")
_LINE = re.compile(rb".+ \d{14} (\{.+\})")

logger = logging.getLogger(__name__)


@attrs.frozen
class Merged:
    """A month's index."""

    month: str
    """`YYYY-MM`, UTC."""
    segments: int
    """How many segments' indexes are in it."""
    added: int
    """How many of them were read now."""
    lines: int
    changed: bool
    """False if it was there already, byte for byte."""
    problems: tuple[str, ...] = ()
    """Segments' indexes that can't be read and are left out; they are tried again the next time."""


@attrs.frozen(kw_only=True)
class _Note(JsonModel):
    """What a merged index was made of."""

    etag: str
    """Of the merged index."""
    sha256: str
    """Of the merged index, hex."""
    lines: int
    indexes: Mapping[str, int]
    """Segments' indexes: size in bytes by name, `DD/<segment>.cdxj`."""

    def fits(self, etag: str | None, stored: dict[str, int]) -> bool:
        """Return whether it describes the stored index, and all indexes in it are unchanged."""
        return self.etag == etag and self.indexes.items() <= stored.items()


_EMPTY_NOTE = _Note(etag="", sha256="", lines=0, indexes={})


@attrs.frozen
class Merger:
    """Merges the indexes of one site. Several mergers may run at once."""

    store: Store
    site: str
    on_index: Callable[[], None] = lambda: None
    """Called for each segment's index that was read."""

    def months(self, *, rebuild: bool = False, since: str = "") -> Iterator[Merged]:
        """Bring the index of every month up to date, the oldest first.

        Args:
            rebuild: make them from all segments, even if they exist.
            since: skip months before this one (`YYYY-MM`) that have an index: listing all months takes longer as the
                archive grows, and segments of old months seldom arrive.

        Raises:
            BucketError: the bucket failed. Written indexes are whole, and the next call goes on.
        """
        made = {key.rpartition("/")[2][:7] for key in self.store.keys(f"{keys.INDEX}{self.site}/")}
        prefix = f"{keys.WARC}{self.site}/"
        captured = (
            f"{year}-{month}" for year in self.store.folders(prefix) for month in self.store.folders(f"{prefix}{year}/")
        )
        months = sorted(filter(_MONTH.fullmatch, {*made, *captured}))
        return (self.merge(month, rebuild=rebuild) for month in months if month >= since or month not in made)

    def merge(self, month: str, *, rebuild: bool = False) -> Merged:
        """Bring the index of one month (`YYYY-MM`) up to date.

        Raises:
            BucketError: the bucket failed, or others keep writing this index.
        """
        key = keys.index(self.site, month)
        for _ in range(_ATTEMPTS):
            # In this order: a later listing has all that the index has.
            seen = conditional_write.etag(self.store, key)
            note = self._note(month)
            stored = dict(self._listed(month))
            known = note if note.fits(seen, stored) and not rebuild else _EMPTY_NOTE
            if (seen and known is note and note.indexes == stored) or not (seen or stored):
                return Merged(month, len(stored), 0, known.lines, changed=False)
            if merged := self._merge(month, seen, note, known, stored):
                return merged
            logger.info("%s was written by another: merging again", key)
        raise BucketError(
            f"bucket {self.store.bucket!r}: {key} keeps being written by others. Is only one `index` running?"
        )

    def _merge(self, month: str, seen: str | None, note: _Note, known: _Note, stored: dict[str, int]) -> Merged | None:
        """Write the index of a month and its note; None if another process wrote the index meanwhile."""
        key, wanted = keys.index(self.site, month), sorted(stored.keys() - known.indexes.keys())
        done, problems = dict(known.indexes), []
        with tempfile.TemporaryDirectory(prefix="pressmark-index-") as folder, SortedLines() as lines:
            for name, data in self._read(month, wanted):
                index_key = keys.segments_of_month(self.site, month) + name
                try:
                    if isinstance(data, FindingsFound):
                        problems.append(str(data))
                    elif data is not None:  # Otherwise it was deleted since it was listed.
                        lines.add(_with_segment_key(index_key, data))
                        done[name] = len(data)
                except ValueError as error:
                    problems.append(f"{index_key}: {error}")
                self.on_index()
            path, old = Path(folder, "new.cdxj"), Path(folder, "old.cdxj")
            with open(path, "wb", opener=opener) as file, open(old, "w+b", opener=opener) as before:
                if known.indexes:
                    try:
                        old_sha256 = self.store.fetch(key, before).sha256
                    except KeyError:
                        return None
                    if old_sha256 != known.sha256:
                        logger.warning("%s does not match its note's SHA-256: the month is merged again", key)
                        return self._merge(month, seen, note, _EMPTY_NOTE, stored)
                    before.seek(0)
                count, sha256 = _write(lines.in_order(before), file)
            changed = not (note.etag == seen and note.sha256 == sha256)
            etag = conditional_write.put_if_unchanged(self.store, key, path, sha256, TEXT, seen) if changed else seen
        if not etag:
            return None
        made = _Note(etag=etag, sha256=sha256, lines=count, indexes=done)
        if made != note:
            self.store.put(keys.merged(self.site, month), json.dumps(made.to_json()).encode() + b"\n")
        return Merged(month, len(done), len(done) - len(known.indexes), count, changed, tuple(problems))

    def _listed(self, month: str) -> Iterator[tuple[str, int]]:
        """Return name and size of each segment's index of a month."""
        prefix = keys.segments_of_month(self.site, month)
        sizes = self.store.sizes(prefix)
        return ((key.removeprefix(prefix), size) for key, size in sizes if key.endswith(cdxj.SUFFIX))

    def _read(self, month: str, names: Iterable[str]) -> Iterator[tuple[str, bytes | FindingsFound | None]]:
        """Read indexes, some at a time; None for one deleted since it was listed, the error for one too large."""
        rest = iter(names)
        with ThreadPoolExecutor(THREADS, "index") as pool:
            while some := list(islice(rest, _INDEXES_HELD)):
                yield from zip(some, pool.map(lambda name: self._get(month, name), some), strict=True)

    def _get(self, month: str, name: str) -> bytes | FindingsFound | None:
        try:
            return self.store.get(keys.segments_of_month(self.site, month) + name, most=cdxj.MOST)
        except KeyError:
            return None
        except FindingsFound as error:
            return error

    def _note(self, month: str) -> _Note:
        """Return the note of a month; one that can't be read is ignored."""
        key = keys.merged(self.site, month)
        try:
            return _Note.from_json(strict_json.load_object(self.store.get(key, most=strict_json.MOST)))
        except KeyError:
            return _EMPTY_NOTE
        except (strict_json.InvalidJson, FindingsFound) as error:
            logger.warning("%s can't be read (%s): the month is rebuilt", key, error)
            return _EMPTY_NOTE


def _with_segment_key(index_key: str, data: bytes) -> list[bytes]:
    """Return the lines of a segment's index, with the segment's bucket key for its name.

    Raises:
        ValueError: it is not the index of this segment; somebody changed it.
    """
    segment = index_key.removesuffix(cdxj.SUFFIX) + ".warc.gz"
    name = segment.rpartition("/")[2]
    named, moved = f'"filename": {json.dumps(name)}'.encode(), f'"filename": {json.dumps(segment)}'.encode()
    lines = []
    for line in filter(None, data.split(b"\n")):
        facts = _LINE.fullmatch(line)
        if not facts or strict_json.load_object(facts[1]).get("filename") != name:
            raise ValueError(f"{line[:80]!r} is no line of its index")
        before, _, after = line.rpartition(named)
        lines.append(before + moved + after + b"\n")
    return lines


def _write(lines: Iterable[bytes], file: IO[bytes]) -> tuple[int, str]:
    """Write lines, and return how many and their SHA-256 (hex)."""
    count, digest = 0, hashlib.sha256()
    for line in lines:
        file.write(line)
        digest.update(line)
        count += 1
    return count, digest.hexdigest()
