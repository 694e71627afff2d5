"""Publishes a recovered segment with its drafts, and the parts that the bucket lacks."""

import logging
from pathlib import Path

import attrs

from pressmark.archive.publish.pointers import Pointers
from pressmark.archive.publish.publisher import publish
from pressmark.archive.publish.segment_upload import SegmentTaken, put_segment
from pressmark.archive.publish.uploaded import resume
from pressmark.archive.s3.store import Store
from pressmark.archive.spool.batch import Batch, Draft, Drafts, Published
from pressmark.archive.spool.segment import SealedSegment
from pressmark.archive.spool.set_aside import set_aside
from pressmark.archive.spool.spool_files import DRAFTS, UPLOADED, SegmentName
from pressmark.errors import FindingsFound

logger = logging.getLogger("pressmark.crawl")


@attrs.frozen(kw_only=True)
class Recovered:
    """One segment of an earlier run."""

    segment: str
    """Its file's name."""
    records: int
    bytes_cut: int
    """Bytes of a record that was being written when the run was killed."""
    published: int
    """Versions."""

    @classmethod
    def of(cls, name: SegmentName, published: Published, cut: int = 0) -> "Recovered":
        """Return the summary of a published segment."""
        return cls(segment=name.text, records=published.records, bytes_cut=cut, published=published.versions)


@attrs.frozen(kw_only=True)
class Ready:
    """A segment that is ready to be published."""

    segment: SealedSegment
    name: SegmentName
    cut: int
    """Bytes of a record that was being written."""
    drafts: Drafts


class RecoveredPublisher:
    """Publishes segments of earlier runs.

    Args:
        store: the bucket.
        folder: the spool of a site.
        site: its name.
    """

    def __init__(self, store: Store, folder: Path, site: str) -> None:
        self._store, self._folder = store, folder
        self._pointers = Pointers(store, folder, site)

    def publish(self, ready: Ready) -> Recovered | None:
        """Publish a segment; None if another one has its key in the bucket, and it was set aside for salvage.

        Raises:
            BucketError: the bucket failed.
            OSError, SpoolError: a file can't be read or written.
        """
        damaged = ready.drafts.damaged
        damage = f"{damaged} lines can't be read; their articles were read again from the captures" if damaged else ""
        try:
            stored = put_segment(self._store, ready.segment)
        except SegmentTaken as taken:
            return self._taken(ready, taken, damage)
        self._pointers.learn(ready.segment)
        batch = Batch(
            segment=ready.segment,
            drafts_path=self._folder / (ready.name.text + DRAFTS),
            recovered=self._documents(ready),
            stored=stored,
            damage=damage,
        )
        published, _ = publish(self._store, batch, self._pointers)
        return Recovered.of(ready.name, published, ready.cut)

    def _documents(self, ready: Ready) -> list[Draft]:
        drafts = [draft for draft in map(self._pointers.checked, ready.drafts.drafts) if draft]
        if lost := len(ready.drafts.drafts) - len(drafts):
            logger.warning("%d drafts of %s point to captures that are missing", lost, ready.name.text)
        return drafts

    def _taken(self, ready: Ready, taken: SegmentTaken, damage: str) -> Recovered | None:
        """Publish what the bucket lacks of a segment when another file has its key."""
        logger.warning("%s", taken)
        path, drafts = ready.segment.path, self._folder / (ready.name.text + DRAFTS)
        if taken.is_older_copy:
            documents = self._documents(ready)
            if damage:
                set_aside(drafts, damage)
            place = path.rename(path.with_name(ready.name.text + UPLOADED))
            try:
                return Recovered.of(ready.name, resume(self._store, place, ready.name, documents), ready.cut)
            except FindingsFound as error:
                logger.warning("%s", error)
                place.rename(path)
        set_aside(path, str(taken), segment=True)
        return None
