"""Captures that revisits refer to: found by record id in the segments' indexes of their day."""

import logging
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import IO

from pressmark.archive.s3.store import THREADS, Store
from pressmark.archive.warc import cdxj
from pressmark.model import keys
from pressmark.model.capture import Capture

logger = logging.getLogger(__name__)
Wanted = Mapping[str, date]
"""The day of capture (UTC) by WARC-Record-ID, without its angle brackets."""


def copy(store: Store, site: str, wanted: Wanted, file: IO[bytes]) -> int:
    """Copy the records of these captures from their segments to a file, and return how many were found."""
    found = 0
    for capture in _find(store, site, wanted):
        try:
            file.write(store.get(capture.warc, capture.offset, capture.length))
            found += 1
        except KeyError:
            logger.warning("%s of %s is missing, but its index is not", capture.record_id, capture.warc)
    return found


def _find(store: Store, site: str, wanted: Wanted) -> Iterator[Capture]:
    """Return the captures that are in an index, in the order of their segments."""
    rest = dict(wanted)
    found: dict[str, Capture] = {}
    # A record made just after midnight may be in a segment of the day before.
    days = {day - timedelta(days=back) for day in rest.values() for back in (0, 1)}
    for day in sorted(days, reverse=True):
        if not any(made - day in (timedelta(0), timedelta(days=1)) for made in rest.values()):
            continue
        for capture in _of_day(store, site, day):
            if rest.pop(capture.record_id, None):
                found[capture.record_id] = capture
    return iter(sorted(found.values(), key=lambda each: (each.warc, each.offset)))


def _of_day(store: Store, site: str, day: date) -> Iterator[Capture]:
    prefix = keys.segments(site, day)
    indexes = (key for key in store.keys(prefix) if key.endswith(cdxj.SUFFIX))
    with ThreadPoolExecutor(THREADS, "referred") as pool:
        for found in pool.map(lambda key: list(cdxj.payloads(store, key)), indexes):
            yield from found
