"""Verification: whether the objects that manifests list exist, are whole, and point to the right records."""

import hashlib
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import attrs

from pressmark.archive.bucket import manifest
from pressmark.archive.bucket.manifest_model import ListedObject, ListedSegment
from pressmark.archive.s3.store import THREADS, Store
from pressmark.archive.warc import cdxj
from pressmark.errors import FindingsFound
from pressmark.jobs.audit.orphans import find_orphans
from pressmark.jobs.audit.segment_records import ObjectMissing, ObjectProblem, Record, Records, read_records
from pressmark.model import keys, strict_json
from pressmark.model.document import captures_of
from pressmark.system.external_sort import SortedLines
from pressmark.text import shown

_DAY = re.compile(r"^.*/\d{4}/\d{2}/\d{2}/")
_CACHED_LISTINGS = 64
"""Listings of a day that are cached."""


@attrs.frozen
class Finding:
    """One problem."""

    key: str
    """Key of the object."""
    problem: str = attrs.field(converter=shown)
    grave: bool = True
    """False if nothing may be wrong: an object of a running crawl, a rejection that may have expired."""


def verify_run(store: Store, manifest_key: str) -> list[Finding]:
    """Read every object that a run's manifest lists; an empty list means that all are whole.

    Segments: size, SHA-256, each gzip member, every WARC digest, and the index. Documents: size,
    SHA-256, and each capture's offset, length, URL, date and payload digest against the record it points to.

    Raises:
        KeyError: there is no such manifest.
    """
    return list(_read_all(store, manifest.read(store, manifest_key)))


def verify_runs(
    store: Store,
    manifest_keys: Iterable[str],
    *,
    full: bool = False,
    orphans_of: str | None = None,
    on_run: Callable[[manifest.Manifest | None], None] = lambda run: None,
) -> Iterator[Finding]:
    """Check what several runs left; only one run is held in memory.

    Args:
        store: the bucket.
        manifest_keys: of the runs.
        full: read every object, as `verify_run` does; otherwise only compare sizes with the bucket's listing.
        orphans_of: a site, or the empty string for all: also report its objects that none of these runs lists.
        on_run: gets the manifest of each run that was checked; None for one that can't be read.
    """
    sizes = lru_cache(_CACHED_LISTINGS)(lambda prefix: dict(store.sizes(prefix)))
    with SortedLines() as listed:
        for key in manifest_keys:
            run = None
            try:
                run = manifest.read_listed(store, key)
            except FindingsFound as error:
                yield Finding(key, str(error))
            else:
                if orphans_of is not None:
                    listed.add(f"{said.key}\n".encode() for said in run.listed())
                yield from _read_all(store, run) if full else _compare_sizes(sizes, run)
            on_run(run)
        if orphans_of is not None:
            yield from map(orphan_finding, find_orphans(store, orphans_of, listed))


def _compare_sizes(sizes: Callable[[str], dict[str, int]], run: manifest.Manifest) -> Iterator[Finding]:
    for said in run.listed():
        key, size = said.key, said.size
        day = _DAY.match(key)
        stored = sizes(day[0] if day else key).get(key)
        if stored is None:
            yield _finding(key, ObjectMissing(key))
        elif stored != size:
            yield Finding(key, _other_size(stored, size))


def _finding(key: str, problem: "ObjectProblem") -> Finding:
    """Return the finding for an object; a missing rejection is not grave: rejections expire (docs/security.md)."""
    expired = isinstance(problem, ObjectMissing) and problem.key == key and key.startswith(keys.REJECTED)
    return Finding(key, str(problem), grave=not expired)


def orphan_finding(key: str) -> Finding:
    """Return the finding for an object that no manifest lists."""
    return Finding(key, "in no manifest: of a run that goes on, or was killed and not followed yet", grave=False)


def _read_all(store: Store, run: manifest.Manifest) -> Iterator[Finding]:
    yield from _read_captured(store, run)
    if run.visits:
        try:
            _object(store, run.visits)
        except ObjectProblem as problem:
            yield _finding(run.visits.key, problem)


def _read_captured(store: Store, run: manifest.Manifest) -> Iterator[Finding]:
    segments: dict[str, Records] = {}
    for segment in run.segments:
        segments[segment.key] = {}
        try:
            read = _read_segment(store, segment)
            segments[segment.key] = read.records
            yield from (_finding(segment.key, problem) for problem in read.problems)
            _check_index(store, segment.index, read.index)
        except ObjectProblem as problem:
            yield _finding(segment.key, problem)

    def problem_of(said: ListedObject) -> ObjectProblem | None:
        try:
            document = strict_json.load_object(_object(store, said))
            captures_of(document)
            for capture in document["pressmark"]["captures"]:
                _check_capture(store, capture, segments.get(capture["warc"]))
        except ObjectProblem as problem:
            return problem
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return ObjectProblem(f"is no document: {type(error).__name__}: {error}")
        return None

    with ThreadPoolExecutor(THREADS, "verify") as pool:
        for said, found in zip(run.objects, pool.map(problem_of, run.objects), strict=True):
            if found:
                yield _finding(said.key, found)


@attrs.frozen
class _Segment:
    """The result of reading a whole segment."""

    records: Records
    problems: list[ObjectProblem]
    """Problems of single records."""
    index: bytes
    """The index made from it."""


def _read_segment(store: Store, said: ListedSegment) -> _Segment:
    with tempfile.TemporaryDirectory(prefix="pressmark-verify-") as folder:
        path = Path(folder) / Path(said.key).name
        try:
            with path.open("w+b") as file:
                stored = store.fetch(said.key, file)
                _compare(said, stored.size, stored.sha256)
        except KeyError:
            raise ObjectMissing(said.key) from None
        try:
            with path.open("rb") as file:
                records, problems = read_records(file, stored.size)
            return _Segment(records, problems, cdxj.index(path).encode())
        except (ValueError, LookupError, TypeError, AttributeError, OverflowError) as error:  # From a foreign WARC.
            raise ObjectProblem(
                f"a record is not as this archive writes them: {type(error).__name__}: {error}"
            ) from None


def _check_index(store: Store, said: ListedObject, index: bytes) -> None:
    if _object(store, said) != index:
        raise ObjectProblem(f"its index {said.key} is not the one made from it")


def _object(store: Store, said: ListedObject) -> bytes:
    try:
        data = store.get(said.key, most=said.size)
    except KeyError:
        raise ObjectMissing(said.key) from None
    except FindingsFound as error:
        raise ObjectProblem(f"{error} The manifest says {said.size}.") from None
    _compare(said, len(data), hashlib.sha256(data).hexdigest())
    return data


def _compare(said: ListedObject, size: int, sha256: str) -> None:
    if size != said.size:
        raise ObjectProblem(_other_size(size, said.size))
    if sha256 != said.sha256:
        raise ObjectProblem("its SHA-256 is not the manifest's")


def _other_size(stored: int, said: int) -> str:
    return f"{stored} bytes, the manifest says {said}"


def _check_capture(store: Store, capture: dict[str, Any], records: Records | None) -> None:
    """Compare a document's capture with its record, in this run's segments or an earlier one's."""
    if records is None:
        records = _records_at(store, capture)
    record = records.get(capture["recordId"])
    if record is None:
        raise ObjectProblem(f"points to record {capture['recordId']}, which is not in {capture['warc']}")
    said = Record(*(capture[name] for name in ("offset", "length", "url", "payloadDigest", "capturedAt")))
    if said != record:
        raise ObjectProblem(f"says {said} of its record, which is {record}")


def _records_at(store: Store, capture: dict[str, Any]) -> Records:
    """Return the records at the position that a capture points to."""
    offset = capture["offset"]
    if not capture["warc"].startswith(keys.WARC):
        raise ObjectProblem(f"points to {capture['warc']!r}, which is no segment")
    try:
        member = store.get(capture["warc"], offset, capture["length"])
        records, problems = read_records(BytesIO(member), len(member))
        if problems:
            raise problems[0]
    except KeyError:
        raise ObjectMissing(capture["warc"]) from None
    except ObjectProblem as problem:
        raise ObjectProblem(f"points to byte {offset} of {capture['warc']}: {problem}") from None
    return {key: attrs.evolve(record, offset=record.offset + offset) for key, record in records.items()}
