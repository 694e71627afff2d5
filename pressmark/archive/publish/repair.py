"""Recovery: segments that runs left in a spool are published, oldest first; unreadable files are set aside.

A segment is published with its drafts before anything is deleted; pages that its run captured but did not read are read
last, from the bucket. So a recovery that was killed repeats the same steps, and a full disk does not stop it. Only the
records of a damaged segment are copied into a new file, which gets the same name and bytes each time.
"""

import errno
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import attrs

from pressmark.archive.publish.publish_recovered import Ready, Recovered, RecoveredPublisher
from pressmark.archive.publish.salvage_segment import salvage_segment
from pressmark.archive.publish.unread import Deriving, publish_unread
from pressmark.archive.publish.uploaded import repair_notes, resume
from pressmark.archive.s3.store import Store
from pressmark.archive.spool.batch import Drafts, Published
from pressmark.archive.spool.salvage import read_records
from pressmark.archive.spool.segment import recorded_name, sealed
from pressmark.archive.spool.set_aside import PENDING, note_path, read_note, set_aside, write_note
from pressmark.archive.spool.spool_files import (
    BAD,
    DRAFTS,
    OPEN,
    UPLOADED,
    SegmentName,
    SpoolFile,
    parse_spool_file,
    segment_of,
    spool_files,
)
from pressmark.errors import BucketError, FindingsFound, SpoolError
from pressmark.file_system import free_space, is_of_file_system, is_of_machine, spool_error

LEAST = 2
"""Minimum records of a useful segment: its warcinfo and one more."""

logger = logging.getLogger("pressmark.crawl")


class Recovery:
    """Publishes a site's spool; the caller must hold the spool's lock.

    Args:
        store: the bucket.
        folder: the spool of the site.
        site: name of the site.
        derive: reads pages that a killed run captured but did not read.
    """

    def __init__(self, store: Store, folder: Path, site: str, derive: Deriving) -> None:
        self._store, self._folder, self._site, self._derive = store, folder, site, derive
        self._publisher = RecoveredPublisher(store, folder, site)
        self._skipped: set[Path] = set()
        """Files that can be neither recovered nor set aside."""
        self._postponed: BaseException | None = None

    def run(self) -> list[Recovered]:
        """Publish everything that can be published, and return a summary of each segment.

        Raises:
            BucketError: the bucket failed; unpublished segments wait.
            SpoolError: the machine lacks space, memory or threads for some files; all others are published.
        """
        if spool_files(self._folder, self._site).is_empty:
            return []
        _require_writable(self._folder)
        with self._postponing():
            repair_notes(self._store, self._folder, self._site)
        for each in spool_files(self._folder, self._site).segment_files:
            if each.kind in {"", OPEN}:
                with self._postponing():
                    self._restore_name(each)
        with self._postponing():
            self._tidy()
        done = self._segments()
        with self._postponing():
            for name, versions in publish_unread(self._store, self._folder, self._site, self._derive):
                one = done.get(name) or Recovered(segment=name, records=0, bytes_cut=0, published=0)
                done[name] = attrs.evolve(one, published=one.published + versions)
        if error := self._postponed:
            what = f"parts of the spool {self._folder} can't be recovered"
            if isinstance(error, OSError):
                raise spool_error(what, self._folder, error)
            raise SpoolError(f"{what} now; it waits for the next run: {error!r}") from error
        return list(done.values())

    def _segments(self) -> dict[str, Recovered]:
        """Publish waiting segments, as long as that frees space for more."""
        done: dict[str, Recovered] = {}
        while paths := self._waiting():
            self._postponed = None
            for path in paths:
                with self._postponing(path):
                    if recovered := self._recovered(path):
                        done[recovered.segment] = recovered
            if self._postponed and self._waiting() == paths:  # Otherwise there may be space now.
                break
        return done

    @contextmanager
    def _postponing(self, path: Path | None = None) -> Iterator[None]:
        """Keep errors of one file from stopping the others; errors that do not concern the file are retried."""
        try:
            yield
        except BucketError:
            raise
        except Exception as error:  # A broken file can make a reader raise anything.
            cause = (error.__cause__ or error) if isinstance(error, SpoolError) else error
            # A KeyError means a missing object in the bucket: the file itself was read before.
            if is_of_machine(cause) or type(cause) is KeyError or (isinstance(cause, OSError) and not path):
                self._postponed = self._postponed or cause
                return
            logger.warning("%s: %s: %s", path, type(error).__name__, error, exc_info=not isinstance(error, OSError))
            if path and not self._try_set_aside(path, f"it can't be recovered: {error or type(error).__name__}"):
                self._skipped.add(path)

    def _try_set_aside(self, path: Path, reason: str) -> bool:
        if not path.name.endswith(BAD):
            return set_aside(path, reason) is not None
        note = read_note(path, self._site)
        write_note(path, attrs.evolve(note, reason=f"{note.reason}; {reason}", salvage=None))
        return read_note(path, self._site).salvage is None

    def _waiting(self) -> list[Path]:
        files = spool_files(self._folder, self._site)
        held = [each.path for each in files.segment_files if each.kind in {"", OPEN, UPLOADED}]
        pending = [bad for bad in files.bad if read_note(bad, self._site).salvage == PENDING]
        waiting = sorted(held, key=lambda path: path.name)
        # An interrupted salvage comes first: its files are written again before any of them is published.
        return [path for path in [*pending, *waiting] if path not in self._skipped]

    def _tidy(self) -> None:
        """Delete partly written files, and set aside files that do not belong here."""
        files = spool_files(self._folder, self._site)
        for path in files.parts:  # They were being written when a run was killed.
            _delete(path)
        for path, wrong in files.unexpected:
            if not set_aside(path, wrong):
                self._skipped.add(path)
        segments = {each.segment for each in files.segment_files if each.kind != DRAFTS}
        segments |= {name for bad in files.bad if (name := segment_of(bad, self._site))}
        for each in files.of_kind(DRAFTS):
            if each.segment not in segments:
                if each.path.stat().st_size:
                    set_aside(each.path, "its segment is missing")
                else:
                    _delete(each.path)
        for bad in files.bad:
            if not note_path(bad).exists():
                write_note(bad, read_note(bad, self._site))

    def _restore_name(self, spool_file: SpoolFile) -> None:
        """Undo the renaming of a segment, and set a copy aside: its records would be published twice."""
        own = SegmentName.parse(recorded_name(spool_file.path) or "", self._site)
        if own in {None, spool_file.segment}:
            return
        assert own
        if any((self._folder / (own.text + kind)).exists() for kind in ("", OPEN, UPLOADED)):
            if not set_aside(spool_file.path, f"it is a copy of {own.text}"):
                self._skipped.add(spool_file.path)
        else:
            logger.warning(
                "%s is %s according to its first record, and gets that name again", spool_file.path.name, own.text
            )
            spool_file.path.rename(self._folder / (own.text + spool_file.kind))

    def _recovered(self, path: Path) -> Recovered | None:
        """Publish the segment in a file, if it has one."""
        ready = self._ready(path)
        if not isinstance(ready, Ready):
            return ready
        done = self._publisher.publish(ready)
        if not done and ready.segment.path.exists():  # Another segment has its key, and it can't be set aside.
            self._skipped.add(ready.segment.path)
        return done

    def _ready(self, path: Path) -> Ready | Recovered | None:
        """Prepare the segment in a file for publishing, if it has one."""
        if path.name.endswith(BAD):
            return self._salvage(path)
        spool_file = parse_spool_file(path, self._site)
        assert spool_file
        if spool_file.kind == UPLOADED:
            return self._uploaded(spool_file)
        try:
            cut = self._cut(spool_file) if spool_file.kind == OPEN else 0
            if cut is None:
                return self._deleted(spool_file)
            segment = sealed(path, spool_file.segment)
        except Exception as error:  # A damaged record can make a reader raise anything.
            if is_of_machine(error):
                raise
            return self._damaged(path, error)
        if spool_file.kind == OPEN:
            logger.warning(
                "a killed run left %s open: %d whole records kept, %d bytes after them cut",
                spool_file.segment.text,
                segment.records,
                cut,
            )
        return Ready(segment=segment, name=spool_file.segment, cut=cut, drafts=self._drafts(spool_file.segment))

    def _cut(self, spool_file: SpoolFile) -> int | None:
        """Cut an open segment to its last whole record; None if it only has its warcinfo.

        Raises:
            ValueError: it is damaged before its end.
        """
        reading = read_records(spool_file.path)
        if len(reading.records) < LEAST and reading.is_torn:
            return None
        if not reading.is_torn:
            raise ValueError(f"{reading.lost} bytes before its end can't be read")
        with spool_file.path.open("r+b") as file:
            file.truncate(reading.end)
            os.fsync(file.fileno())
        return reading.size - reading.end

    def _deleted(self, spool_file: SpoolFile) -> Recovered:
        cut = spool_file.path.stat().st_size
        self._drafts_path(spool_file.segment).unlink(missing_ok=True)
        spool_file.path.unlink()
        logger.warning("a killed run left %s open; it has no whole exchange", spool_file.segment.text)
        return Recovered(segment=spool_file.segment.text, records=0, bytes_cut=cut, published=0)

    def _damaged(self, path: Path, error: Exception) -> Ready | None:
        bad = set_aside(path, f"it is damaged: {error or type(error).__name__}", segment=True)
        if not bad:
            self._skipped.add(path)
            return None
        return self._salvage(bad)

    def _salvage(self, bad: Path) -> Ready | None:
        """Copy the whole records of a damaged segment into a new one."""
        new = salvage_segment(self._store, bad, self._site)
        if not new:
            return None
        return Ready(segment=sealed(self._folder / new.text, new), name=new, cut=0, drafts=self._drafts(new))

    def _uploaded(self, spool_file: SpoolFile) -> Ready | Recovered | None:
        name = spool_file.segment
        with suppress(ValueError, LookupError, TypeError, AttributeError):
            published = Published.read(spool_file.path)
            published.write_over(spool_file.path)
            return Recovered.of(name, published, 0)
        drafts = self._drafts(name)
        try:
            published = resume(self._store, spool_file.path, name, drafts.drafts)
        except FindingsFound as error:
            logger.warning("%s", error)
            return self._ready(spool_file.path.rename(self._folder / name.text))
        return Recovered.of(name, published, 0)

    def _drafts(self, name: SegmentName) -> Drafts:
        try:
            return Drafts.read(self._drafts_path(name), self._site)
        except FileNotFoundError:
            return Drafts()
        except OSError as error:
            if is_of_file_system(error):
                raise
            return Drafts(damaged=1)

    def _drafts_path(self, name: SegmentName) -> Path:
        return self._folder / (name.text + DRAFTS)


def _delete(path: Path) -> None:
    """Delete a useless file; a failure is only logged."""
    try:
        path.unlink()
        logger.info("deleted %s, which a killed run left", path.name)
    except OSError as error:
        logger.warning("%s can't be deleted: %s", path, error)


def _require_writable(folder: Path) -> None:
    """Require a writable folder: segments that can't be deleted would be uploaded again and again."""
    if not os.access(folder, os.W_OK | os.X_OK):
        number = errno.EROFS if free_space(folder).read_only else errno.EACCES
        raise spool_error(f"the spool {folder} can't be written", folder, OSError(number, os.strerror(number)))
