"""ZipNum: an index in gzip members of many lines, and a small index of these members (as in `cdxj-indexer` and pywb).

A player fetches the small index whole, and only the members it needs of the large one.
"""

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import IO

from pressmark.model import strict_json

LINES = 1024
"""Lines of a member, as many as `wacz` takes."""
DATA, IDX = "index.cdx.gz", "index.idx"
_META = b"!meta 0 " + json.dumps({"format": "cdxj-gzip-1.0", "filename": DATA}).encode()
_GZIP = zlib.MAX_WBITS | 16
_LONGEST = 64 << 20
"""Bytes of a member that are read: more than a thousand lines with URLs of 8,000 characters."""


def write(lines: Iterable[bytes], file: IO[bytes]) -> bytes:
    """Write sorted lines of CDXJ into a file (`index.cdx.gz`), and return the index of its members (`index.idx`)."""
    index, offset, rest = [_META + b"\n"], 0, iter(lines)
    while some := list(islice(rest, LINES)):
        packer = zlib.compressobj(wbits=_GZIP)
        member = packer.compress(b"".join(some)) + packer.flush()
        digest = f"sha256:{hashlib.sha256(member).hexdigest()}"
        line = json.dumps({"offset": offset, "length": len(member), "digest": digest})
        index.append(some[0].partition(b" {")[0] + b" " + line.encode() + b"\n")
        file.write(member)
        offset += len(member)
    return b"".join(index)


def read(file: IO[bytes], index: bytes) -> Iterator[bytes]:
    """Return the lines of an index, each with its line feed.

    Args:
        file: `index.cdx.gz`.
        index: `index.idx`.

    Raises:
        ValueError: the two don't match, or one is damaged.
    """
    end = 0
    meta, *members, last = index.split(b"\n")  # The only line end that all players accept.
    if meta != _META or last:
        raise ValueError("it lacks the first line of our indexes, or a line end at its end")
    for line in members:
        key, brace, facts = line.partition(b" {")
        place = strict_json.load_object(brace[1:] + facts)
        if place.keys() != {"offset", "length", "digest"}:
            raise ValueError(f"a member has the fields {sorted(place)}")
        offset, length = place["offset"], place["length"]
        if type(offset) is not int or offset != end or type(length) is not int or not 0 < length <= _LONGEST:
            raise ValueError(f"there is no member of {length} bytes at byte {offset}")
        file.seek(offset)
        member = file.read(length)
        if place["digest"] != f"sha256:{hashlib.sha256(member).hexdigest()}":
            raise ValueError(f"the member at byte {offset} does not match its digest")
        lines = _unpacked(member).splitlines(keepends=True)
        if not lines or lines[0].partition(b" {")[0] != key:
            raise ValueError(f"the member at byte {offset} does not begin with {key!r}")
        yield from lines
        end = offset + length
    if file.seek(0, 2) != end:
        raise ValueError(f"data after byte {end} is in no member")


def _unpacked(member: bytes) -> bytes:
    unpacker = zlib.decompressobj(wbits=_GZIP)
    try:
        data = unpacker.decompress(member, _LONGEST)
    except zlib.error as error:
        raise ValueError(f"a member is damaged: {error}") from None
    if not unpacker.eof or unpacker.unused_data:
        raise ValueError("a member has more than one part, or is too long")
    return data
