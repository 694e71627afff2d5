"""Pages that killed runs captured but did not read: they are read from the segments in the bucket.

A segment is published as soon as it is sealed, while its pages are still being read. Their documents are published with
a later segment. If none followed, the notes of the published segments remain, with `is_read` false.
"""

import logging
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from io import BufferedReader, RawIOBase
from itertools import groupby
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal

import attrs

from pressmark.archive.publish.manifest_commit import is_of_bucket
from pressmark.archive.publish.pointers import Pointers
from pressmark.archive.publish.publisher import put_drafts
from pressmark.archive.s3.store import Store, Stored
from pressmark.archive.spool.batch import Draft, Published, published_notes
from pressmark.archive.spool.spool_files import SegmentName
from pressmark.archive.warc.captures import Openable
from pressmark.model import keys
from pressmark.model.document import captures_of
from pressmark.model.outcomes import Outcome

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_PIECE = 1 << 20
"""Bytes of one request."""

logger = logging.getLogger("pressmark.crawl")


Deriving = Callable[[Sequence[tuple[Openable, str]], Container[str]], Iterable[Draft]]
"""Reads documents from the captures of segments, each with its bucket key; articles with these ids are skipped."""


def publish_unread(store: Store, folder: Path, site: str, derive: Deriving) -> Iterator[tuple[str, int]]:
    """Publish what can be read in the segments of killed runs, and note that they were read.

    Args:
        store: the bucket.
        folder: the spool of a site, with the notes of published segments that no manifest lists.
        site: name of the site.
        derive: reads documents from captures.

    Returns:
        The name of each segment with more versions, and their number. A second call adds nothing.

    Raises:
        BucketError: the bucket failed.
        OSError, SpoolError: a note can't be read or written.
    """
    notes = published_notes(folder, site)
    listed = {stored.key for each in notes.values() for stored in each.objects}
    unread = [(_name(each, site), each, path) for path, each in notes.items() if not each.is_read]
    there = [(name, each) for name, each, path in unread if name and is_of_bucket(store, path, each)]
    for _, group in groupby(there, key=lambda each: each[0].run):
        run = dict(group)
        logger.info("a killed run left %d segments in the bucket: reading their unread captures", len(run))
        published_ids = {keys.article_of(stored.key) for published in run.values() for stored in published.objects}
        texts = {name.text: published for name, published in run.items()}
        read, _ = read_unread(store, folder, site, texts, derive, published_ids, listed)
        for name, published in texts.items():
            whole = read[name]
            if more := whole.versions - published.versions:
                logger.warning("%d versions in %s were read after its run was killed", more, name)
                yield name, more


def read_unread(
    store: Store,
    folder: Path,
    site: str,
    run: Mapping[str, Published],
    derive: Deriving,
    known_ids: Container[str],
    listed: set[str],
) -> tuple[dict[str, Published], list[tuple[Draft, Outcome]]]:
    """Publish what can be read in the segments of one run, and note that they were read.

    Args:
        store: the bucket.
        folder: the spool of a site.
        site: name of the site.
        run: the notes of its segments, by name.
        derive: reads documents from captures.
        known_ids: ids of articles to skip.
        listed: keys of objects in notes; the keys of written objects are added.

    Returns:
        The updated notes by name, and the outcome of each document.

    Raises:
        BucketError: the bucket failed.
        OSError, SpoolError: a note can't be read or written.
    """
    segments = [(_InBucket(store, each.segment), each.segment.key) for each in run.values()]
    done = put_drafts(store, derive(segments, known_ids), Pointers(store, folder, site))
    read = {}
    for name, published in run.items():
        new = {
            stored.key: stored
            for draft, stored, _ in done
            if stored and captures_of(draft.document)[-1].warc == published.segment.key and stored.key not in listed
        }
        listed |= new.keys()
        read[name] = attrs.evolve(published, objects=(*published.objects, *new.values()), is_read=True)
        read[name].save_over(folder)
    return read, [(draft, outcome) for draft, _, outcome in done]


def _name(published: Published, site: str) -> SegmentName | None:
    return SegmentName.parse(Path(published.segment.key).name, site)


@attrs.frozen
class AllBut:
    """A container of all articles except some."""

    others: Container[str]

    def __contains__(self, article_id: object) -> bool:
        return article_id not in self.others


@attrs.frozen
class _InBucket:
    """A segment in the bucket that can be opened like a file."""

    store: Store
    segment: Stored

    def open(self, _mode: Literal["rb"], /) -> IO[bytes]:
        return BufferedReader(_Ranges(self.store, self.segment), _PIECE)


class _Ranges(RawIOBase):
    """The bytes of an object, requested on demand."""

    def __init__(self, store: Store, stored: Stored) -> None:
        self._store, self._stored, self._at = store, stored, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0, /) -> int:
        self._at = max(0, offset + (0, self._at, self._stored.size)[whence])
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer)
        wanted = min(len(view), self._stored.size - self._at)
        if wanted <= 0:
            return 0
        view[:wanted] = self._store.get(self._stored.key, self._at, wanted)
        self._at += wanted
        return wanted
