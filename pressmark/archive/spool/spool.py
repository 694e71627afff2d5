"""The spool: segments on the local disk until the bucket has them, and the drafts of each."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

import attrs

from pressmark.archive.spool.batch import Batch, Draft, to_line
from pressmark.archive.spool.durable_file import sync_folder
from pressmark.archive.spool.segment import ReadsAlike, Segment, never_alike
from pressmark.archive.spool.spool_files import DRAFTS
from pressmark.archive.spool.syncing import SYNC_BYTES, SYNC_SECONDS, Syncer
from pressmark.config import DEFAULT_SEGMENT_BYTES, DEFAULT_SEGMENT_SECONDS
from pressmark.errors import SpoolError
from pressmark.file_system import spool_error
from pressmark.model.capture import Capture, Exchange
from pressmark.model.document import with_captures
from pressmark.private import Sharing, make_folder, opener


class Spool:
    """Writes the exchanges and drafts of one run, and passes them on segment by segment, in order.

    A draft belongs to the segment that is open when it is staged: its captures are in that segment or in an earlier
    one. So if batches are uploaded in order, a batch's drafts can be published as soon as its segment is durable.

    Args:
        folder: folder of the segments until they are published.
        site: name of the site, for names and keys.
        run_id: id of the run, for names.
        info: fields of the warcinfo record.
        hand_on: gets each sealed segment with its drafts.
        earlier: the last capture of each URL: an identical response becomes a revisit of it.
        reads_alike: returns whether a response may become a revisit of a capture.
        segment_bytes: size at which a segment is sealed.
        segment_age: age at which it is sealed. No segment spans midnight (UTC): each day has its own segments.
        sharing: who may use the folder.
        sync_bytes: maximum bytes between two syncs.
        sync_seconds: maximum seconds between two syncs.
    """

    def __init__(
        self,
        folder: Path,
        site: str,
        run_id: str,
        info: Mapping[str, str],
        on_sealed: Callable[[Batch], None],
        *,
        earlier: Mapping[str, Capture] | None = None,
        reads_alike: ReadsAlike = never_alike,
        segment_bytes: int = DEFAULT_SEGMENT_BYTES,
        segment_age: timedelta = timedelta(seconds=DEFAULT_SEGMENT_SECONDS),
        sharing: Sharing = Sharing.PRIVATE,
        sync_bytes: int = SYNC_BYTES,
        sync_seconds: float = SYNC_SECONDS,
    ) -> None:
        self._folder, self._site, self._run_id, self._info = folder, site, run_id, info
        self._on_sealed = on_sealed
        self._earlier, self._reads_alike = earlier or {}, reads_alike
        self._segment_bytes, self._segment_age = segment_bytes, segment_age
        self._serial = 0
        self._segment: Segment | None = None
        self._drafts: IO[str] | None = None
        self._sharing = sharing
        self._syncer = Syncer(sync_bytes=sync_bytes, sync_seconds=sync_seconds)
        self._failure: SpoolError | None = None

    def record(self, exchange: Exchange) -> Capture:
        """Write an exchange, and return the capture with its payload.

        Raises:
            SpoolError: the disk fails or failed before; nothing more is accepted.
        """
        with self._guarded(), exchange.response_body:
            segment = self._due()
            earlier = self._earlier.get(exchange.url)
            same_day = earlier and earlier.captured_at.date() == segment.started_at.date()
            before = segment.size
            capture = segment.write(exchange, earlier if same_day else None, self._reads_alike)
            self._syncer.wrote(segment.size - before)
            return capture
        raise AssertionError("unreachable: the guard raises every error")

    def stage(self, draft: Draft, captures: Sequence[Capture], **fields: str) -> None:
        """Stage a document; it is published when all its captures are in the bucket.

        Args:
            draft: the document, without its captures.
            captures: its captures, in the order of its pages.
            fields: new facts about the first capture, for a metadata record.

        Raises:
            SpoolError: the disk fails or failed before.
        """
        with self._guarded():
            segment = self._due()
            if fields:
                segment.add_metadata(captures[0], fields)
            assert self._drafts
            line = to_line(attrs.evolve(draft, document=with_captures(draft.document, captures)))
            self._drafts.write(line)
            self._drafts.flush()  # So that a killed run leaves whole lines.
            self._syncer.wrote(len(line))

    def close(self) -> None:
        """Seal the open segment and pass it on.

        Raises:
            SpoolError: the disk fails or failed before; complete captures are sealed and passed on.
        """
        failed, self._failure = self._failure, None
        try:
            if self._segment:
                with self._guarded():
                    self._roll()
        except SpoolError as error:
            failed = failed or error
        finally:
            self._syncer.close()
        self._failure = failed or self._failure
        if self._failure:
            raise self._failure

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        if self._failure:
            raise self._failure  # A draft after a failure may need missing captures.
        try:
            yield
        except SpoolError as error:
            self._failure = error
            raise
        except OSError as error:
            self._failure = spool_error(f"the spool {self._folder} can't be written", self._folder, error)
            raise self._failure from error

    def _due(self) -> Segment:
        """Return the segment to write to: a new one if the open one is full, old or from yesterday."""
        now = datetime.now(UTC)
        if (segment := self._segment) and (
            segment.size >= self._segment_bytes
            or segment.is_full
            or now - segment.started_at >= self._segment_age
            or now.date() != segment.started_at.date()
        ):
            self._roll()
        return self._segment or self._open()

    def _open(self) -> Segment:
        self._serial += 1
        make_folder(self._folder, self._sharing)
        segment = Segment(self._folder, self._site, self._run_id, self._serial, self._info)
        path = self._folder / (segment.name + DRAFTS)
        drafts = open(path, "x", encoding="utf-8", opener=opener)  # noqa: SIM115 - it stays open
        self._segment, self._drafts = segment, drafts
        sync_folder(self._folder)
        self._syncer.watch(segment.fileno(), drafts.fileno())
        self._syncer.wrote(segment.size)
        return segment

    def _roll(self) -> None:
        segment, drafts = self._segment, self._drafts
        self._segment = self._drafts = None
        assert segment
        assert drafts
        self._syncer.release()
        os.fdatasync(segment.fileno())  # Before the drafts that point to it.
        os.fsync(drafts.fileno())
        drafts.close()
        self._on_sealed(Batch(segment=segment.seal(), drafts_path=Path(drafts.name)))
