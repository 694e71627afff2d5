"""Upload of a segment: a segment in the bucket is never overwritten, whatever file a spool has under its name.

A spool may be an older copy (a snapshot, a disk that lost its last seconds), or have the same segment twice.
"""

from itertools import count
from pathlib import Path

from pressmark.archive.s3 import conditional_write
from pressmark.archive.s3.multipart import stream
from pressmark.archive.s3.s3_errors import PreconditionFailed
from pressmark.archive.s3.store import WARC, Store, Stored
from pressmark.archive.spool.regular_file import open_regular
from pressmark.archive.spool.salvage import read_records
from pressmark.archive.spool.segment import SealedSegment
from pressmark.archive.spool.set_aside import RecordLocations, SetAside
from pressmark.archive.spool.spool_files import PART, SegmentName
from pressmark.errors import BucketUnreachable, SpoolError
from pressmark.private import opener


class SegmentTaken(SpoolError):
    """Another file has the key of a segment in the bucket."""

    def __init__(self, segment: SealedSegment, *, is_older_copy: bool) -> None:
        what = "it continues this one" if is_older_copy else "the two differ"
        super().__init__(
            f"{segment.path} is not uploaded: the bucket has another file as {segment.key}, and {what}. It is not "
            "overwritten; the next recovery publishes what the bucket lacks."
        )
        self.is_older_copy = is_older_copy
        """Whether the bucket has all of it."""


def put_segment(store: Store, segment: SealedSegment) -> Stored:
    """Write a segment if its key is free (`If-None-Match: *`); the same bytes under the key are accepted.

    Raises:
        SegmentTaken: another file has the key.
        BucketError: the bucket failed.
        OSError: the file can't be read.
    """
    try:
        return store.put_file(segment.key, segment.path, segment.sha256, WARC, only_new=True)
    except PreconditionFailed:
        pass
    there = conditional_write.head(store, segment.key)
    if not there:
        raise BucketUnreachable(f"the bucket says that {segment.key} exists, and that it does not")
    size, begin = there.size, min(there.size, segment.size)
    try:
        with open_regular(segment.path) as file:
            parts = stream(store, segment.key, there.etag, 0, begin)
            same = size >= segment.size and all(file.read(len(part)) == part for part in parts)
    except (PreconditionFailed, KeyError):  # Another writer is replacing it.
        same = False
    if not same or size > segment.size:
        raise SegmentTaken(segment, is_older_copy=same)
    return Stored(segment.key, segment.size, segment.sha256)


def places_elsewhere(store: Store, folder: Path, name: SegmentName, note: SetAside) -> tuple[RecordLocations, int]:
    """Return the known locations of a damaged segment's records, and the number of the next salvage.

    The note may be lost or outdated, so the bucket and the spool are checked too.

    Raises:
        BucketError: the bucket failed.
        OSError: there is no disk space to read from the bucket.
    """
    places = {**_in_bucket(store, folder, name, note), **note.records}
    for attempt in count(1):
        new = name.salvaged(attempt)
        if (local := folder / new.text).is_file():
            found = _places(local, new.text)
        elif conditional_write.etag(store, new.key):
            found = _in_bucket(store, folder, new, note)
        elif attempt >= note.attempt:
            return places, attempt
        else:
            continue
        places = {**found, **places}
    raise AssertionError("unreachable: the loop has no end")


def _in_bucket(store: Store, folder: Path, name: SegmentName, note: SetAside) -> RecordLocations:
    if any(text == name.text for text, _, _ in note.records.values()):
        return {}
    part = folder / (name.text + PART)
    part.unlink(missing_ok=True)
    try:
        with open(part, "x+b", opener=opener) as file:
            store.fetch(name.key, file)
        return _places(part, name.text)
    except KeyError:
        return {}
    finally:
        part.unlink(missing_ok=True)


def _places(path: Path, text: str) -> RecordLocations:
    return {each.record_id: (text, each.offset, each.length) for each in read_records(path).records}
