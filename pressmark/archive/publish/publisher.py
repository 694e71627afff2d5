"""Publishing: segment by segment, each capture durable in the bucket before any document that points to it."""

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
from pressmark.archive.spool.batch import Batch, Draft, Published, kept
from pressmark.archive.spool.drafts import silent_edit_draft
from pressmark.archive.warc import cdxj
from pressmark.errors import BucketUnreachable, FindingsFound
from pressmark.file_system import spool_error
from pressmark.model import keys, strict_json
from pressmark.model.document import to_bytes
from pressmark.model.outcomes import Outcome

logger = logging.getLogger("pressmark.crawl")

DraftOutcomes = list[tuple[Draft, Outcome]]
"""Each draft of a batch with what became of it."""


def publish(store: Store, batch: Batch, pointers: Pointers | None = None) -> tuple[Published, DraftOutcomes]:
    """Upload a segment and its index, then publish its drafts, then delete the local copy.

    A draft that points to what is nowhere is left out, and its article counts as failed: it is asked for again.
    Doing it again after a failure does no harm: the segment is the same bytes, and a version key is written once.

    Args:
        store: the bucket.
        batch: what to publish.
        pointers: what is known of the records of other segments.

    Raises:
        BucketError: the bucket failed; the local copy is kept.
        SegmentTaken: another segment has its key in the bucket; so is it.
        SpoolError: the drafts can't be read, or the disk is read-only; so is it.
    """
    segment = batch.segment
    folder = segment.path.parent
    pointers = pointers or Pointers(store, folder, keys.site_of(segment.key))
    stored = batch.stored or put_segment(store, segment)
    pointers.learn(segment)
    index = store.put(cdxj.index_key(segment.key), segment.index.encode(), TEXT)
    results = put_drafts(store, batch.drafts(), pointers)
    # What was read again of one segment may wait as a draft of the next: each document is listed once. Its own note is
    # there if a run was killed before it deleted the segment, and is written again.
    notes = kept(folder, keys.site_of(segment.key)).values()
    listed = {stored.key for note in notes if note.segment.key != segment.key for stored in note.objects}
    published = Published(
        segment=stored,
        records=segment.records,
        index=index,
        objects=tuple(each for _, each, _ in results if each and each.key not in listed),
    )
    _keep(published, batch)
    return published, [(draft, outcome) for draft, _, outcome in results]


def put_drafts(store: Store, drafts: Iterable[Draft], pointers: Pointers) -> list[tuple[Draft, Stored | None, Outcome]]:
    """Write documents; return each with what was written, if anything was, and what its article counts as.

    Raises:
        BucketError: the bucket failed.
    """

    def put(draft: Draft) -> tuple[Draft, Stored | None, Outcome]:
        checked = pointers.checked(draft)
        if not checked:
            logger.error("%s is not published: a capture that it points to is nowhere", draft.key)
            return draft, None, Outcome.FAILED
        try:
            done, written = _put(store, checked)
        except FindingsFound as error:
            logger.warning("%s is not published: %s", draft.key, error)
            return draft, None, Outcome.FAILED
        return done, written, done.outcome if written else done.taken

    with ThreadPoolExecutor(THREADS, "publish") as pool:
        return list(pool.map(put, drafts))


def _keep(published: Published, batch: Batch) -> None:
    """Note what was published and delete the local copy; on a full disk the note takes the segment's room."""
    segment = batch.segment.path
    try:
        published.keep(segment.parent)
    except OSError as error:
        logger.warning("no room for the note of %s (%s): it takes the room of the segment", segment.name, error)
        try:
            published.keep_instead(segment)
            batch.drafts_path.unlink(missing_ok=True)
        except OSError as still:
            raise spool_error(f"{segment} is in the bucket and can't be deleted here", segment, still) from still
    else:
        batch.delete()


def _put(store: Store, draft: Draft) -> tuple[Draft, Stored | None]:
    """Write a document, and return it as it was published, with None for one whose key another has taken.

    One that this very document took its place before a failure was told is written too. A version whose key a run at
    the same time has taken with other content is a silent edit: the page changed between the two.

    Raises:
        FindingsFound: what has its key can't be read, or is no document of it: nothing can be concluded.
    """
    data = to_bytes(draft.document)
    for _ in range(2):
        if written := store.put_new(draft.key, data):
            return draft, written
        with suppress(KeyError):  # Asked again: there is one, and there is none.
            there = store.get(draft.key, most=strict_json.MOST)
            break
    else:
        raise BucketUnreachable(f"the bucket says that {draft.key} is there, and that it is not")
    if there == data:
        return draft, Stored(draft.key, len(data), hashlib.sha256(data).hexdigest())
    if draft.key.startswith(keys.ARTICLES) and not _says_the_same(draft, there):
        return _put(store, silent_edit_draft(draft))
    return draft, None


def _says_the_same(draft: Draft, there: bytes) -> bool:
    """Tell whether the document that has a version's key has its content.

    Raises:
        FindingsFound: it is no document of this version.
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
        raise FindingsFound(f"{draft.key} is not what a run published: it holds the document of {version!r}")
    return bool(content == ours["pressmark"]["contentSha256"])


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
                self._on_published(*publish(self._store, batch, self._pointers(batch)))
            except Exception as error:  # noqa: BLE001 - raised again by close(), in the caller's thread
                self._failure = error
                self._on_failure(error)

    def _pointers(self, batch: Batch) -> Pointers:
        if not self._known:
            segment = batch.segment
            self._known = Pointers(self._store, segment.path.parent, keys.site_of(segment.key))
        return self._known
