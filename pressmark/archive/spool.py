"""The spool: segments on the local disk until the bucket has them, and what is to be published from each."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import attrs

from pressmark.archive.segment import OPEN, SealedSegment, Segment, sealed
from pressmark.capture import Capture, Exchange
from pressmark.document import Document, with_captures
from pressmark.errors import SpoolError
from pressmark.outcomes import Outcome

SEGMENT_BYTES = 256 * 1024 * 1024
DRAFTS = ".drafts.jsonl"


@attrs.frozen(kw_only=True)
class Draft:
    """A document that waits for its capture to be durable."""

    article_id: str
    key: str
    """Bucket key to publish it under, if that is still free."""
    outcome: Outcome
    """What its article counts as once it is published."""
    taken: Outcome
    """What its article counts as when the key is taken."""
    document: Document


@attrs.frozen(kw_only=True)
class Batch:
    """A sealed segment and the drafts whose last capture lies in it."""

    segment: SealedSegment
    drafts_path: Path

    def drafts(self) -> Iterator[Draft]:
        """Read the drafts in the order they were staged; none are left once all are published."""
        if not self.drafts_path.exists():
            return
        with self.drafts_path.open(encoding="utf-8") as lines:
            for line in lines:
                facts: dict[str, Any] = json.loads(line)
                facts |= {name: Outcome(facts[name]) for name in ("outcome", "taken")}
                yield Draft(**facts)

    def delete(self) -> None:
        """Forget the local copy; only for what the bucket has confirmed."""
        self.drafts_path.unlink(missing_ok=True)
        self.segment.path.unlink()


class Spool:
    """Takes the exchanges and drafts of one run, and hands them on segment by segment, in order.

    A draft goes with the segment that is open when it is staged, or the next: its captures are there or in an earlier
    one. So whoever uploads the batches in order may publish a batch's drafts as soon as its segment is durable.
    """

    def __init__(
        self,
        folder: Path,
        site: str,
        run_id: str,
        info: Mapping[str, str],
        hand_on: Callable[[Batch], None],
        segment_bytes: int = SEGMENT_BYTES,
    ) -> None:
        self._folder, self._site, self._run_id, self._info = folder, site, run_id, info
        self._hand_on = hand_on
        self._segment_bytes = segment_bytes
        self._serial = 0
        self._captures: dict[str, Capture] = {}
        self._segment: Segment | None = None
        self._drafts: IO[str] | None = None

    def record(self, exchange: Exchange) -> str:
        """Write an exchange and return the record id of its response.

        Raises:
            SpoolError: the disk is full or not writable.
        """
        segment = self._segment or self._open()
        capture = segment.write(exchange)
        self._captures[capture.record_id] = capture
        if segment.size >= self._segment_bytes:
            self._roll()
        return capture.record_id

    def stage(
        self,
        article_id: str,
        key: str,
        document: Document,
        record_ids: Sequence[str],
        *,
        outcome: Outcome,
        taken: Outcome,
    ) -> None:
        """Leave a document to be published under `key` once all its captures are in the bucket."""
        if self._segment is None:
            self._open()
        assert self._drafts is not None
        finished = with_captures(document, [self._captures.pop(each) for each in record_ids])
        draft = Draft(article_id=article_id, key=key, outcome=outcome, taken=taken, document=finished)
        try:
            self._drafts.write(json.dumps(attrs.asdict(draft), ensure_ascii=False) + "\n")
        except OSError as error:
            raise SpoolError(f"the spool can't be written: {error}. Make room in {self._folder}.") from error

    def close(self) -> None:
        """Seal what is open and hand it on."""
        if self._segment is not None:
            self._roll()

    def _open(self) -> Segment:
        self._serial += 1
        self._segment = Segment(self._folder, self._site, self._run_id, self._serial, self._info)
        self._drafts = (self._folder / (self._segment.name + DRAFTS)).open("x", encoding="utf-8")
        return self._segment

    def _roll(self) -> None:
        assert self._segment is not None
        assert self._drafts is not None
        self._drafts.close()
        batch = Batch(segment=self._segment.seal(), drafts_path=Path(self._drafts.name))
        self._segment = self._drafts = None
        self._hand_on(batch)


def leftovers(folder: Path, site: str) -> list[Batch]:
    """Return what an earlier run sealed and could not publish, oldest first."""
    return [
        Batch(segment=sealed(path, site), drafts_path=path.with_name(path.name + DRAFTS))
        for path in sorted(folder.glob(f"{site}-*.warc.gz"))
    ]


def torn(folder: Path, site: str) -> list[Path]:
    """Return the segments that a killed run left open."""
    return sorted(folder.glob(f"{site}-*{OPEN}"))
