"""The spool: segments on the local disk until the bucket has them, and what is to be published from each."""

import os
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

import attrs

from pressmark.archive.batch import DRAFTS, Batch, Draft, to_line
from pressmark.archive.segment import Segment
from pressmark.capture import Capture, Exchange, Receipt
from pressmark.config import DEFAULT_SEGMENT_BYTES, DEFAULT_SEGMENT_SECONDS
from pressmark.document import with_captures
from pressmark.errors import PressmarkError, SpoolError

WAITING = 200
"""Exchanges that may wait for the disk; bodies over `spiders.tape.IN_MEMORY` lie in files of their own meanwhile."""


@attrs.frozen(kw_only=True)
class _Staged:
    draft: Draft
    receipts: Sequence[Receipt]
    fields: Mapping[str, str]


class Spool:
    """Takes the exchanges and drafts of one run, and hands them on segment by segment, in order.

    All writing is done by one thread, in the order of the calls. A draft goes with the segment that is open when its
    turn comes, or the next: its captures are there or in an earlier one. So whoever uploads the batches in order may
    publish a batch's drafts as soon as its segment is durable.

    Args:
        folder: where segments lie until they are published.
        site: name of the site, for names and keys.
        run_id: id of the run, for names.
        info: fields of the warcinfo record.
        hand_on: takes each sealed segment with its drafts; called from the writing thread.
        on_failure: is told once when the disk fails; called from the writing thread.
        earlier: the last capture of each URL that may be referred to instead of being kept again.
        segment_bytes: a segment is sealed when it has grown to this.
        segment_age: or when it is this old. None spans midnight (UTC): a day's captures stand alone.
    """

    def __init__(
        self,
        folder: Path,
        site: str,
        run_id: str,
        info: Mapping[str, str],
        hand_on: Callable[[Batch], None],
        *,
        on_failure: Callable[[PressmarkError], None] = lambda error: None,
        earlier: Mapping[str, Capture] | None = None,
        segment_bytes: int = DEFAULT_SEGMENT_BYTES,
        segment_age: timedelta = timedelta(seconds=DEFAULT_SEGMENT_SECONDS),
    ) -> None:
        self._folder, self._site, self._run_id, self._info = folder, site, run_id, info
        self._hand_on, self._on_failure = hand_on, on_failure
        self._earlier = earlier or {}
        self._segment_bytes, self._segment_age = segment_bytes, segment_age
        self._serial = 0
        self._segment: Segment | None = None
        self._drafts: IO[str] | None = None
        self._failure: SpoolError | None = None
        self._work: queue.Queue[tuple[Exchange, Receipt] | _Staged | None] = queue.Queue(WAITING)
        self._thread = threading.Thread(target=self._write, name="spool", daemon=True)
        self._thread.start()

    def record(self, exchange: Exchange) -> Receipt:
        """Queue an exchange to be written; waits while too many do.

        Raises:
            SpoolError: the disk failed before; nothing is taken any more.
        """
        receipt = Receipt(exchange.started_at, exchange.size)
        self._put((exchange, receipt))
        return receipt

    def stage(self, draft: Draft, receipts: Sequence[Receipt], **fields: str) -> None:
        """Leave a document to be published once all its captures are in the bucket.

        Args:
            draft: the document, without its captures.
            receipts: of the exchanges it was read from, in the order of its pages.
            fields: what became known of the first capture, for a metadata record.

        Raises:
            SpoolError: the disk failed before.
        """
        self._put(_Staged(draft=draft, receipts=receipts, fields=fields))

    def close(self) -> None:
        """Write what waits, seal and hand on.

        Raises:
            SpoolError: the disk failed, now or before; what was whole is sealed and handed on.
        """
        self._work.put(None)
        self._thread.join()
        if self._failure:
            raise self._failure

    def _put(self, work: "tuple[Exchange, Receipt] | _Staged") -> None:
        if self._failure:
            raise self._failure
        self._work.put(work)

    def _write(self) -> None:
        while work := self._work.get():
            if self._failure:
                continue  # What is behind a gap may lean on what is missing.
            self._guarded(self._store, work)
        if self._segment:
            self._guarded(self._roll)

    def _guarded(self, step: Callable[..., None], *arguments: object) -> None:
        try:
            step(*arguments)
        except Exception as error:  # noqa: BLE001 - raised again by close(), in the caller's thread
            told = f"the spool {self._folder} can't be written: {type(error).__name__}: {error}"
            self._failure = error if isinstance(error, SpoolError) else SpoolError(told)
            self._failure.__cause__ = error
            self._on_failure(self._failure)

    def _store(self, work: tuple[Exchange, Receipt] | _Staged) -> None:
        segment = self._due()
        if isinstance(work, _Staged):
            self._stage(segment, work)
            return
        exchange, receipt = work
        with exchange.response_body:
            earlier = self._earlier.get(exchange.url)
            same_day = earlier and earlier.captured_at.date() == segment.started_at.date()
            receipt.capture = segment.write(exchange, earlier if same_day else None)

    def _stage(self, segment: Segment, work: _Staged) -> None:
        captures = [each.capture for each in work.receipts]
        assert all(captures), "receipts are filled in the order of the queue"
        known = [each for each in captures if each]
        finished = attrs.evolve(work.draft, document=with_captures(work.draft.document, known))
        if work.fields:
            segment.tell(known[0], work.fields)
        assert self._drafts
        self._drafts.write(to_line(finished))
        self._drafts.flush()  # A killed run leaves whole lines.

    def _due(self) -> Segment:
        """Return the segment to write to: a new one if the last is full, old or of yesterday."""
        now = datetime.now(UTC)
        if (segment := self._segment) and (
            segment.size >= self._segment_bytes
            or now - segment.started_at >= self._segment_age
            or now.date() != segment.started_at.date()
        ):
            self._roll()
        return self._segment or self._open()

    def _open(self) -> Segment:
        self._serial += 1
        segment = Segment(self._folder, self._site, self._run_id, self._serial, self._info)
        self._drafts = (self._folder / (segment.name + DRAFTS)).open("x", encoding="utf-8")
        self._segment = segment
        return segment

    def _roll(self) -> None:
        segment, drafts = self._segment, self._drafts
        self._segment = self._drafts = None
        assert segment
        assert drafts
        os.fsync(drafts.fileno())
        drafts.close()
        self._hand_on(Batch(segment=segment.seal(), drafts_path=Path(drafts.name)))
