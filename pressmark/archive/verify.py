"""Verification: whether what a run says it left is there, whole, and says what it points to."""

import hashlib
import json
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import attrs
from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from pressmark.archive import manifest
from pressmark.archive.store import Store

_CHUNK = 1 << 16


@attrs.frozen
class Finding:
    """One thing that is wrong."""

    key: str
    """The object it is about."""
    problem: str


@attrs.frozen
class _Located:
    """Where a response record really lies in its segment, and what it says of itself."""

    offset: int
    length: int
    url: str
    digest: str


def verify_run(store: Store, manifest_key: str) -> list[Finding]:
    """Check every object that a run's manifest lists; an empty list means that all is well.

    Segments: size, SHA-256, each gzip member whole, every WARC digest. Documents: size, SHA-256, and each capture's
    offset, length, URL and payload digest against the segment it points into.

    Raises:
        KeyError: there is no such manifest.
    """
    return list(_findings(store, manifest.read(store, manifest_key)))


def _findings(store: Store, run: manifest.Manifest) -> Iterator[Finding]:
    segments: dict[str, dict[str, _Located]] = {}
    for said in run["segments"]:
        try:
            segments[said["key"]] = _records(_object(store, said))
        except _Wrong as problem:
            segments[said["key"]] = {}
            yield Finding(said["key"], str(problem))
    for said in run["objects"]:
        try:
            for capture in json.loads(_object(store, said))["pressmark"]["captures"]:
                warc = capture["warc"]
                if warc not in segments:  # Of an earlier run, which could publish the segment and no more.
                    segments[warc] = _records(_whole(store, warc))
                _check_capture(capture, segments[warc])
        except _Wrong as problem:
            yield Finding(said["key"], str(problem))


class _Wrong(Exception):
    """What is wrong with the object at hand."""


def _whole(store: Store, key: str) -> bytes:
    try:
        return store.get(key)
    except KeyError:
        raise _Wrong(f"{key} is missing") from None


def _object(store: Store, said: dict[str, Any]) -> bytes:
    data = _whole(store, said["key"])
    if len(data) != said["size"]:
        raise _Wrong(f"{len(data)} bytes, the manifest says {said['size']}")
    if hashlib.sha256(data).hexdigest() != said["sha256"]:
        raise _Wrong("its SHA-256 is not the manifest's")
    return data


def _records(segment: bytes) -> dict[str, _Located]:
    located = {}
    try:
        _check_gzip(segment)
        records = ArchiveIterator(BytesIO(segment), check_digests="raise")
        for record in records:
            head = record.rec_headers
            record.content_stream().read()  # Digests are checked as the payload goes by.
            located[head.get_header("WARC-Record-ID").strip("<>")] = _Located(
                records.get_record_offset(),
                records.get_record_length(),
                head.get_header("WARC-Target-URI") or "",
                head.get_header("WARC-Payload-Digest") or "",
            )
    except (zlib.error, ArchiveLoadFailed, ValueError) as error:
        raise _Wrong(f"not a whole WARC: {error}") from error
    return located


def _check_gzip(segment: bytes) -> None:
    """Read every gzip member to its checksum: warcio itself takes a cut last member for the end of the file."""
    view = memoryview(segment)
    while view:
        member = zlib.decompressobj(zlib.MAX_WBITS | 16)
        start = 0
        while not member.eof:
            if start >= len(view):
                raise ValueError("the last gzip member is cut")
            member.decompress(view[start : start + _CHUNK])
            start += _CHUNK
        view = view[min(start, len(view)) - len(member.unused_data) :]


def _check_capture(capture: dict[str, Any], records: dict[str, _Located]) -> None:
    record = records.get(capture["recordId"])
    if record is None:
        raise _Wrong(f"points to record {capture['recordId']}, which is not in {capture['warc']}")
    said = _Located(capture["offset"], capture["length"], capture["url"], capture["payloadDigest"])
    if said != record:
        raise _Wrong(f"says {said} of its record, which is {record}")
