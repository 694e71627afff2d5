"""Publishing: segment by segment, each capture durable in the bucket before any document that points to it."""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import attrs

from pressmark.archive.spool import Batch, Draft
from pressmark.archive.store import WARC, Store, Stored
from pressmark.document import to_bytes
from pressmark.outcomes import Outcome

THREADS = 8


@attrs.frozen(kw_only=True)
class Published:
    """What a batch became in the bucket."""

    segment: Stored
    records: int
    settled: list[tuple[Draft, Outcome, Stored | None]]
    """Each draft with its outcome; Stored when an object was written."""


def publish(store: Store, batch: Batch) -> Published:
    """Upload a segment, then publish its drafts, then delete the local copy.

    Doing it again after a failure does no harm: the segment is the same bytes, and a version key is written once.

    Raises:
        BucketError: the bucket failed; the local copy is kept.
    """
    segment = batch.segment
    stored = store.put_file(segment.key, segment.path, segment.sha256, WARC)

    def put(draft: Draft) -> tuple[Draft, Outcome, Stored | None]:
        written = store.put_new(draft.key, to_bytes(draft.document))
        return draft, draft.outcome if written else draft.taken, written

    with ThreadPoolExecutor(THREADS, "publish") as pool:
        settled = list(pool.map(put, batch.drafts()))
    batch.delete()
    return Published(segment=stored, records=segment.records, settled=settled)


class Publisher:
    """Publishes batches in their order in the background, while the crawl goes on."""

    def __init__(self, store: Store, on_published: Callable[[Published], None]) -> None:
        self._store = store
        self._on_published = on_published
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
        while (batch := self._batches.get()) is not None:
            if self._failure:
                continue  # Order is the promise: nothing overtakes a batch that failed.
            try:
                self._on_published(publish(self._store, batch))
            except Exception as error:  # noqa: BLE001 - raised again by close(), in the caller's thread
                self._failure = error
