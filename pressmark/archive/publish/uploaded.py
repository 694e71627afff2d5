"""Uploaded segments that were overwritten by their note on a full disk: a broken note is rebuilt from the bucket."""

import hashlib
import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from pressmark.archive.publish.pointers import Pointers
from pressmark.archive.publish.publisher import put_drafts
from pressmark.archive.s3.integrity import check_content
from pressmark.archive.s3.patience import Pace
from pressmark.archive.s3.store import TEXT, Store, Stored
from pressmark.archive.spool.batch import Draft, Published
from pressmark.archive.spool.regular_file import read_regular
from pressmark.archive.spool.spool_files import DRAFTS, PART, PUBLISHED, SegmentName, spool_files
from pressmark.archive.warc import cdxj
from pressmark.archive.warc.gzip_member import members
from pressmark.errors import FindingsFound
from pressmark.model import json_model
from pressmark.private import opener

if TYPE_CHECKING:
    from botocore.response import StreamingBody

_DOCUMENT = re.compile(rb'"((?:articles|rejected|silent-edits|withdrawn)/[!#-\[\]-~]+\.json)"')

logger = logging.getLogger("pressmark.crawl")


def resume(store: Store, place: Path, name: SegmentName, drafts: Iterable[Draft]) -> Published:
    """Write the note of an uploaded segment over its remains.

    Args:
        store: the bucket.
        place: path of the segment's remains.
        name: name of the segment.
        drafts: drafts that were published with it.

    Raises:
        BucketError: the bucket failed.
        FindingsFound: the segment is missing or damaged in the bucket.
        OSError: the note can't be written.
    """
    published = _published(store, place, name)
    written = put_drafts(store, drafts, Pointers(store, place.parent, name.site))
    published = attrs.evolve(published, objects=tuple(stored for _, stored, _ in written if stored))
    published.write_over(place)
    place.with_name(name.text + DRAFTS).unlink(missing_ok=True)
    return published


def repair_notes(store: Store, folder: Path, site: str) -> None:
    """Rebuild each damaged note of a published segment from the bucket.

    Raises:
        BucketError: the bucket failed.
        OSError: a note can't be written.
        SpoolError: the spool can't be listed.
    """
    for each in spool_files(folder, site).of_kind(PUBLISHED):
        try:
            Published.read(each.path)
        except OSError:
            continue
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            logger.warning("%s is damaged (%s), and is rebuilt from the bucket", each.path, error)
            try:
                found = _published(store, each.path, each.segment)
                objects = _documents(store, read_regular(each.path), each.segment.key)
            except (FindingsFound, ValueError) as wrong:
                logger.warning("%s", wrong)
                continue
            attrs.evolve(found, objects=tuple(objects)).save(folder)


def _documents(store: Store, note: bytes, segment: str) -> Iterator[Stored]:
    """Return the documents in a damaged note; instead of a missing one, those in its folder that name this segment."""
    found: dict[str, bytes] = {}
    for key in (each.decode() for each in _DOCUMENT.findall(note)):
        with suppress(ValueError):
            try:
                found[json_model.key(key)] = store.get(key)
            except KeyError:
                beside = {each: store.get(each) for each in store.keys(f"{key.rpartition('/')[0]}/")}
                found |= {each: data for each, data in beside.items() if segment.encode() in data}
    return (Stored(key, len(data), hashlib.sha256(data).hexdigest()) for key, data in found.items())


def _published(store: Store, place: Path, name: SegmentName) -> Published:
    """Return the note of a segment and its index in the bucket, without documents."""
    try:
        segment, records = _described(store, name.key)
        return Published(segment=segment, records=records, index=_index(store, place, name), objects=())
    except KeyError as error:
        raise FindingsFound(f"{error.args[0]} is not in the bucket, though {place} says so.") from None
    except ValueError as error:
        raise FindingsFound(f"{name.key} is damaged in the bucket: {error}") from None


def _index(store: Store, place: Path, name: SegmentName) -> Stored:
    """Return the index of a segment in the bucket; a missing one is built from the segment."""
    key = cdxj.index_key(name.key)
    try:
        index = store.get(key, most=cdxj.MOST)
    except (KeyError, FindingsFound):  # An index that is too large is not ours.
        part = place.with_name(name.text + PART)
        part.unlink(missing_ok=True)
        try:
            with open(part, "x+b", opener=opener) as file:
                size = store.fetch(name.key, file).size
            made = cdxj.Index(name.text)
            made.read_on(part, size)
        finally:
            part.unlink(missing_ok=True)
        return store.put(key, str(made).encode(), TEXT)
    return Stored(key, len(index), hashlib.sha256(index).hexdigest())


def _described(store: Store, key: str) -> tuple[Stored, int]:
    """Read a segment in the bucket in chunks; return its description and its number of records."""
    before: list[bytes] = []

    def describe() -> tuple[Stored, int]:
        answer = store.client.get_object(Bucket=store.bucket, Key=key)
        body = _Hashed(answer["Body"], Pace(store.patience))
        records = sum(1 for _ in members(body))
        headers = answer["ResponseMetadata"]["HTTPHeaders"]
        check_content(headers, body.md5.hexdigest(), body.digest.digest(), before)
        return Stored(key, body.size, body.digest.hexdigest()), records

    return store.with_retries(key, describe)


class _Hashed:
    """A body that counts and hashes its bytes while it is read."""

    def __init__(self, body: "StreamingBody", pace: Pace) -> None:
        self._body, self._pace, self.size = body, pace, 0
        self.digest, self.md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)

    def read(self, number: int) -> bytes:
        data: Any = self._body.read(number)
        self.size += len(data)
        self.digest.update(data)
        self.md5.update(data)
        self._pace.took(len(data))
        return bytes(data)
