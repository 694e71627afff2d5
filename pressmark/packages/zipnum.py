"""ZipNum: an index in gzip members of many lines, and an index of those (as `cdxj-indexer` and pywb know it).

A player fetches the small one whole, and of the large one the members it needs.
"""

import hashlib
import json
import zlib
from collections.abc import Iterable
from itertools import islice
from typing import IO

LINES = 1024
"""Of a member; `wacz` takes so many."""
DATA, IDX = "index.cdx.gz", "index.idx"
_GZIP = zlib.MAX_WBITS | 16


def write(lines: Iterable[bytes], file: IO[bytes]) -> bytes:
    """Write sorted lines of CDXJ into a file (`index.cdx.gz`), and return the index of its members (`index.idx`)."""
    meta = json.dumps({"format": "cdxj-gzip-1.0", "filename": DATA})
    index, offset, rest = [f"!meta 0 {meta}\n".encode()], 0, iter(lines)
    while some := list(islice(rest, LINES)):
        packer = zlib.compressobj(wbits=_GZIP)
        member = packer.compress(b"".join(some)) + packer.flush()
        digest = f"sha256:{hashlib.sha256(member).hexdigest()}"
        told = json.dumps({"offset": offset, "length": len(member), "digest": digest})
        index.append(some[0].partition(b" {")[0] + b" " + told.encode() + b"\n")
        file.write(member)
        offset += len(member)
    return b"".join(index)
