"""Orphans: objects of the archive that no manifest lists."""

from collections.abc import Iterator

from pressmark.archive.s3.store import Store
from pressmark.model import keys
from pressmark.system.external_sort import SortedLines

DATA = (keys.WARC, keys.ARTICLES, keys.SILENT_EDITS, keys.WITHDRAWN, keys.REJECTED)
"""Prefixes of objects that manifests list."""


def find_orphans(store: Store, site: str, listed: SortedLines) -> Iterator[str]:
    """Return the keys that are in the bucket and not listed, sorted.

    Args:
        store: the bucket.
        site: its name; the empty string for all.
        listed: the keys that manifests list, a line each.
    """
    with SortedLines() as stored:  # Not every server lists in the order of bytes.
        for prefix in DATA:
            stored.add(f"{key}\n".encode() for key in store.keys(f"{prefix}{site}/" if site else prefix))
        rest = listed.in_order()
        known: bytes | None = b""
        for line in stored.in_order():
            while known is not None and known < line:
                known = next(rest, None)
            if known != line:
                yield line.decode().rstrip("\n")
