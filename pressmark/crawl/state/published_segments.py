"""The published segments that a run's manifest will list."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from pressmark.archive.bucket.manifest_model import ListedObject, ListedSegment, RecoveredWork
from pressmark.archive.publish.publisher import DraftOutcomes
from pressmark.archive.spool.batch import Published, published_note_path
from pressmark.model.outcomes import Outcome, Outcomes

_NOT_PUBLISHED = "its capture is missing, or the object with its key in the bucket can't be read: see the log"


class PublishedSegments:
    """Segments in the bucket that no manifest lists yet: those of earlier runs, and those of this one.

    Args:
        folder: the spool of the site; it keeps a note for each of these segments.
        outcomes: of this run's articles.
    """

    def __init__(self, folder: Path, outcomes: Outcomes) -> None:
        self.folder, self._outcomes = folder, outcomes
        self._notes: dict[Path, Published] = {}
        self.recovered = RecoveredWork()

    def add_earlier(self, notes: Mapping[Path, Published], bytes_cut: int) -> None:
        """Add what earlier runs published and no manifest lists.

        Args:
            notes: of those segments.
            bytes_cut: of incomplete records at the ends of their files.
        """
        self._notes |= notes
        self.recovered = RecoveredWork(
            segments=len(self._notes),
            published=sum(each.versions for each in self._notes.values()),
            bytes_cut=bytes_cut,
        )

    def add(self, published: Published, draft_outcomes: DraftOutcomes) -> None:
        """Add a segment of this run, and record the outcomes of its drafts."""
        self._notes[published_note_path(self.folder, published)] = published
        for draft, outcome in draft_outcomes:
            if outcome is Outcome.FAILED:
                self._outcomes.record_outcome(draft.article_id, outcome, reason="not-published", message=_NOT_PUBLISHED)
            elif outcome is not Outcome.REJECTED:  # A rejection was recorded with its reason when it was staged.
                self._outcomes.record_outcome(draft.article_id, outcome, key=draft.key)

    def unread(self) -> dict[str, Published]:
        """Return the segments, by name, whose captures nobody has read again since they were published."""
        return {path.name: each for path, each in self._notes.items() if not each.is_read}

    def keys(self) -> set[str]:
        """Return the keys of all documents published with these segments."""
        return {stored.key for each in self._notes.values() for stored in each.objects}

    def __iter__(self) -> Iterator[Path]:
        """Return the paths of the notes."""
        return iter(self._notes)

    def segments(self) -> tuple[ListedSegment, ...]:
        """Return the segments, as a manifest lists them."""
        return tuple(map(_listed, self._sorted()))

    def objects(self) -> tuple[ListedObject, ...]:
        """Return the documents, as a manifest lists them."""
        return tuple(ListedObject.of(stored) for each in self._sorted() for stored in each.objects)

    def _sorted(self) -> list[Published]:
        return [self._notes[path] for path in sorted(self._notes)]


def _listed(published: Published) -> ListedSegment:
    stored, index = published.segment, ListedObject.of(published.index)
    return ListedSegment(key=stored.key, size=stored.size, sha256=stored.sha256, records=published.records, index=index)
