"""Publishing: segment by segment; each capture is durable in the bucket before any document that points to it."""

import hashlib
import logging
import queue
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from pressmark.archive.publish.pointers import Pointers
from pressmark.archive.publish.segment_upload import put_segment
from pressmark.archive.s3.store import TEXT, THREADS, Store, Stored
from pressmark.archive.spool.batch import Batch, Draft, Published, published_notes
from pressmark.archive.spool.drafts import silent_edit_draft
from pressmark.archive.warc import cdxj
from pressmark.errors import BucketUnreachable, FindingsFound
from pressmark.file_system import spool_error
from pressmark.model import keys, strict_json
from pressmark.model.document import to_bytes
from pressmark.model.outcomes import Outcome

logger = logging.getLogger("pressmark.crawl")

DraftOutcomes = list[tuple[Draft, Outcome]]
"""Each draft of a batch with its outcome."""


def publish(store: Store, batch: Batch, pointers: Pointers | None = None) -> tuple[Published, DraftOutcomes]:
    """Upload a segment and its index, then publish its drafts, then delete the local copy.

    A draft with a missing capture is left out, and its article counts as failed: it is requested again. The call can be
    repeated after a failure: the segment has the same bytes, and a version key is written once.

    Args:
        store: the bucket.
        batch: the segment and its drafts.
        pointers: known locations of records in other segments.

    Raises:
        BucketError: the bucket failed; the local copy is kept.
        SegmentTaken: another segment has its key in the bucket; the local copy is kept.
        SpoolError: the drafts can't be read, or the disk is read-only; the local copy is kept.
    """
    segment = batch.segment
    folder = segment.path.parent
    pointers = pointers or Pointers(store, folder, keys.site_of(segment.key))
    stored = batch.stored or put_segment(store, segment)
    pointers.learn(segment)
    index = store.put(cdxj.index_key(segment.key), segment.index.encode(), TEXT)
    results = put_drafts(store, batch.drafts(), pointers)
    # A document that was re-read from one segment may also be a draft of the next: each document is listed once. The
    # segment's own note exists if a run was killed before it deleted the segment; it is written again.
    notes = published_notes(folder, keys.site_of(segment.key)).values()
    listed = {stored.key for note in notes if note.segment.key != segment.key for stored in note.objects}
    published = Published(
        segment=stored,
        records=segment.records,
        index=index,
        objects=tuple(each for _, each, _ in results if each and each.key not in listed),
    )
    _save_note(published, batch)
    return published, [(draft, outcome) for draft, _, outcome in results]


def put_drafts(store: Store, drafts: Iterable[Draft], pointers: Pointers) -> list[tuple[Draft, Stored | None, Outcome]]:
    """Write documents; return each draft with the written object, if any, and its outcome.

    Raises:
        BucketError: the bucket failed.
    """

    def put(draft: Draft) -> tuple[Draft, Stored | None, Outcome]:
        checked = pointers.checked(draft)
        if not checked:
            logger.error("%s is not published: one of its captures is missing", draft.key)
            return draft, None, Outcome.FAILED
        try:
            done, written = _put(store, checked)
        except FindingsFound as error:
            logger.warning("%s is not published: %s", draft.key, error)
            return draft, None, Outcome.FAILED
        return done, written, done.outcome if written else done.taken

    with ThreadPoolExecutor(THREADS, "publish") as pool:
        return list(pool.map(put, drafts))


def _save_note(published: Published, batch: Batch) -> None:
    """Note what was published and delete the local copy; on a full disk the note overwrites the segment."""
    segment = batch.segment.path
    try:
        published.save(segment.parent)
    except OSError as error:
        logger.warning("no space for the note of %s (%s): it overwrites the segment", segment.name, error)
        try:
            published.save_over_segment(segment)
            batch.drafts_path.unlink(missing_ok=True)
        except OSError as still:
            raise spool_error(f"{segment} is in the bucket and can't be deleted here", segment, still) from still
    else:
        batch.delete()


def _put(store: Store, draft: Draft) -> tuple[Draft, Stored | None]:
    """Write a document; return it as published and the stored object, or None if another document has its key.

    If the same document is already there, an earlier try wrote it, and it counts as written. If a concurrent run wrote
    the version with other content, this one is a silent edit: the page changed in between.

    Raises:
        FindingsFound: the object with its key is unreadable, or is another document: nothing can be concluded.
    """
    data = to_bytes(draft.document)
    for _ in range(2):
        if written := store.put_new(draft.key, data):
            return draft, written
        with suppress(KeyError):  # Retry: S3 says that it exists, and that it does not.
            there = store.get(draft.key, most=strict_json.MOST)
            break
    else:
        raise BucketUnreachable(f"the bucket says that {draft.key} exists, and that it does not")
    if there == data:
        return draft, Stored(draft.key, len(data), hashlib.sha256(data).hexdigest())
    if draft.key.startswith(keys.ARTICLES) and not _says_the_same(draft, there):
        return _put(store, silent_edit_draft(draft))
    return draft, None


def _says_the_same(draft: Draft, there: bytes) -> bool:
    """Return whether the document with a version's key has the same content.

    Raises:
        FindingsFound: it is not a document of this version.
    """
    ours = draft.document
    try:
        stored = strict_json.load_object(there)
        named, version, content = (
            stored["identifier"],
            stored["pressmark"]["version"],
            stored["pressmark"]["contentSha256"],
        )
    except (ValueError, LookupError, TypeError) as error:
        raise FindingsFound(f"{draft.key} is not what a run published: {type(error).__name__}: {error}") from None
    if (named, version) != (ours["identifier"], ours["pressmark"]["version"]):
        raise FindingsFound(f"{draft.key} is not what a run published: it contains the document of {version!r}")
    return bool(content == ours["pressmark"]["contentSha256"])


class Publisher:
    """Publishes batches in order in the background, while the crawl continues.

    Args:
        store: the bucket.
        on_published: gets each published batch; called from the publishing thread.
        on_failure: called once when the bucket fails, from the publishing thread.
    """

    def __init__(
        self,
        store: Store,
        on_published: Callable[[Published, DraftOutcomes], None],
        on_failure: Callable[[Exception], None] = lambda error: None,
    ) -> None:
        self._store = store
        self._on_published, self._on_failure = on_published, on_failure
        self._batches: queue.SimpleQueue[Batch | None] = queue.SimpleQueue()
        self._failure: Exception | None = None
        self._known: Pointers | None = None
        self._thread = threading.Thread(target=self._work, name="publisher", daemon=True)
        self._thread.start()

    def take(self, batch: Batch) -> None:
        """Queue a batch; unpublished batches stay in the spool."""
        self._batches.put(batch)

    def close(self) -> None:
        """Wait until everything is published.

        Raises:
            BucketError: the bucket failed; this batch and later ones are kept in the spool.
        """
        self._batches.put(None)
        self._thread.join()
        if self._failure:
            raise self._failure

    def _work(self) -> None:
        while batch := self._batches.get():
            if self._failure:
                continue  # Batches are published in order: none overtakes a failed one.
            try:
                self._on_published(*publish(self._store, batch, self._pointers(batch)))
            except Exception as error:  # noqa: BLE001 - close() raises it in the caller's thread
                self._failure = error
                self._on_failure(error)

    def _pointers(self, batch: Batch) -> Pointers:
        if not self._known:
            segment = batch.segment
            self._known = Pointers(self._store, segment.path.parent, keys.site_of(segment.key))
        return self._known
