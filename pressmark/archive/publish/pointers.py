"""Pointers: each document is checked against the records it points to before it is published."""

import zlib
from collections import OrderedDict
from pathlib import Path
from typing import Any

import attrs

from pressmark.archive.s3.store import Store
from pressmark.archive.spool.batch import Draft
from pressmark.archive.spool.segment import SealedSegment
from pressmark.archive.spool.set_aside import all_set_aside, new_locations
from pressmark.archive.warc.cdxj import entries
from pressmark.archive.warc.response import MOST

_REMEMBERED = 8
"""Segments with records in memory; records of others are read from the bucket."""
_HEAD = 1 << 16

RecordOffsets = dict[str, tuple[int, int]]
"""Offset and length of each record, by its id."""


class Pointers:
    """Knows the locations of records in published segments.

    Args:
        store: the bucket, for segments of earlier runs.
        folder: the spool, with the notes on where the records of damaged segments are now.
        site: the spool's site.
    """

    def __init__(self, store: Store, folder: Path, site: str) -> None:
        self._store, self._folder, self._site = store, folder, site
        self._places: OrderedDict[str, RecordOffsets] = OrderedDict()

    def learn(self, segment: SealedSegment) -> None:
        """Add the records of a segment from its index."""
        self._places[segment.key] = {
            str(facts["warc-record-id"]).strip("<>"): (int(facts["offset"]), int(facts["length"]))
            for facts in entries(segment.index)
        }
        while len(self._places) > _REMEMBERED:
            self._places.popitem(last=False)

    def checked(self, draft: Draft) -> Draft | None:
        """Return a draft if all its captures exist; None if one is missing.

        If a capture was salvaged from a damaged segment, the returned draft points to its new location.

        Raises:
            BucketError: the bucket failed.
        """
        captures = draft.document["pressmark"]["captures"]
        found = [self._capture(each) for each in captures]
        if not found or None in found:
            return None
        if found == captures:
            return draft
        block = {**draft.document["pressmark"], "captures": found}
        return attrs.evolve(draft, document={**draft.document, "pressmark": block})

    def _capture(self, capture: dict[str, Any]) -> dict[str, Any] | None:
        warc, record_id = capture["warc"], capture["recordId"]
        if self._is_there(warc, capture["offset"], capture["length"], record_id):
            return capture
        moved = new_locations(all_set_aside(self._folder, self._site), self._site).get(warc, {}).get(record_id)
        if not moved or not self._is_there(*moved, record_id):
            return None
        return {**capture, "warc": moved[0], "offset": moved[1], "length": moved[2]}

    def _is_there(self, warc: str, offset: int, length: int, record_id: str) -> bool:
        if warc in self._places:
            return self._places[warc].get(record_id) == (offset, length)
        return self._is_in_bucket(warc, offset, length, record_id)

    def _is_in_bucket(self, warc: str, offset: int, length: int, record_id: str) -> bool:
        if length > MOST:
            return False
        try:
            member = self._store.get(warc, offset, length)
            inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
            head = inflate.decompress(member, _HEAD)
            while not inflate.eof and inflate.unconsumed_tail:
                inflate.decompress(inflate.unconsumed_tail, _HEAD)
        except (KeyError, zlib.error):
            return False
        whole = inflate.eof and not inflate.unused_data and len(member) == length
        return whole and f"WARC-Record-ID: <{record_id}>".encode() in head
