"""Publishing: segment by segment, each capture durable in the bucket before any document that points to it."""

import hashlib
import json
import queue
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from pressmark.archive import cdxj, keys
from pressmark.archive.batch import Batch, Draft, Published, leftovers
from pressmark.archive.store import TEXT, WARC, Store, Stored
from pressmark.document import to_bytes
from pressmark.drafts import silent_edit_draft
from pressmark.outcomes import Outcome

THREADS = 8

Settled = list[tuple[Draft, Outcome]]
"""Each draft of a batch with what became of it."""


def publish(store: Store, batch: Batch) -> tuple[Published, Settled]:
    """Upload a segment and its index, then publish its drafts, then delete the local copy.

    Doing it again after a failure does no harm: the segment is the same bytes, and a version key is written once.

    Raises:
        BucketError: the bucket failed; the local copy is kept.
    """
    segment = batch.segment
    stored = store.put_file(segment.key, segment.path, segment.sha256, WARC)
    index = store.put(cdxj.index_key(segment.key), segment.index.encode(), TEXT)
    with ThreadPoolExecutor(THREADS, "publish") as pool:
        written = list(pool.map(partial(_put, store), batch.drafts()))
    published = Published(
        segment=stored, records=segment.records, index=index, objects=tuple(each for _, each in written if each)
    )
    published.keep(segment.path.parent)
    batch.delete()
    return published, [(draft, draft.outcome if each else draft.taken) for draft, each in written]


def publish_leftovers(store: Store, folder: Path, site: str) -> list[Published]:
    """Publish what earlier runs left in a spool; only for whoever holds its lock.

    Raises:
        BucketError: the bucket failed; what is left stays in the spool.
    """
    return [publish(store, batch)[0] for batch in leftovers(folder, site)]


def _put(store: Store, draft: Draft) -> tuple[Draft, Stored | None]:
    """Write a document, and return it as it was published, with None for one whose key another has taken.

    One that this very document took its place before a failure was told is written too. A version whose key a run at
    the same time has taken with other content is a silent edit: the page changed between the two.
    """
    data = to_bytes(draft.document)
    if written := store.put_new(draft.key, data):
        return draft, written
    there = store.get(draft.key)
    if there == data:
        return draft, Stored(draft.key, len(data), hashlib.sha256(data).hexdigest())
    if draft.key.startswith(keys.ARTICLES) and _content(there) != _content(data):
        return _put(store, silent_edit_draft(draft))
    return draft, None


def _content(data: bytes) -> str | None:
    """Return the SHA-256 of what a version says; None of one that can't be read any more."""
    try:
        return str(json.loads(data)["pressmark"]["contentSha256"])
    except (ValueError, LookupError, TypeError):
        return None


class Publisher:
    """Publishes batches in their order in the background, while the crawl goes on.

    Args:
        store: the bucket.
        on_published: is told of each batch; called from the publishing thread.
        on_failure: is told once when the bucket fails; called from the publishing thread.
    """

    def __init__(
        self,
        store: Store,
        on_published: Callable[[Published, Settled], None],
        on_failure: Callable[[Exception], None] = lambda error: None,
    ) -> None:
        self._store = store
        self._on_published, self._on_failure = on_published, on_failure
        self._batches: queue.SimpleQueue[Batch | None] = queue.SimpleQueue()
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._work, name="publisher", daemon=True)
        self._thread.start()

    def take(self, batch: Batch) -> None:
        """Queue a batch; what could not be published stays in the spool."""
        self._batches.put(batch)

    def close(self) -> None:
        """Wait until all is published.

        Raises:
            BucketError: the bucket failed; this batch and those behind it are kept in the spool.
        """
        self._batches.put(None)
        self._thread.join()
        if self._failure:
            raise self._failure

    def _work(self) -> None:
        while batch := self._batches.get():
            if self._failure:
                continue  # Order is the promise: nothing overtakes a batch that failed.
            try:
                self._on_published(*publish(self._store, batch))
            except Exception as error:  # noqa: BLE001 - raised again by close(), in the caller's thread
                self._failure = error
                self._on_failure(error)
