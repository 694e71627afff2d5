"""Unusable files of the spool: they are renamed to `<name>.bad`, with a note of the reason beside them."""

import hashlib
import json
import logging
import os
import socket
import stat
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import attrs

from pressmark.archive.spool.durable_file import replace_file, sync_folder
from pressmark.archive.spool.regular_file import read_regular
from pressmark.archive.spool.spool_files import BAD, NOTE, PART, SegmentName, original_name, segment_of
from pressmark.model import strict_json
from pressmark.model.document import timestamp
from pressmark.model.json_model import JsonModel, Unfit, text

PENDING, DONE = "pending", "done"
_MOST_ATTEMPTS = 9999
_LONGEST_NAME = 255 - len(".json" + PART)
"""Maximum bytes of a file's name, so that its note can be written beside it."""
UNKNOWN = "the reason is unknown: its note is missing or can't be read"

logger = logging.getLogger("pressmark.crawl")

RecordLocations = Mapping[str, tuple[str, int, int]]
"""The location of each record by id: name of its segment, offset and length."""


def _attempt(value: Any) -> int:
    if type(value) is not int or not 0 < value <= _MOST_ATTEMPTS:
        raise Unfit("no number of an attempt")
    return value


def _salvage(value: Any) -> str | None:
    if value is not None and text(value) not in {PENDING, DONE}:
        raise Unfit("no state of a salvage")
    found: str | None = value
    return found


def _place(value: Any) -> tuple[str, int, int]:
    match value:
        case [str(name), int(offset), int(length)] if offset >= 0 and length > 0:
            return name, offset, length
    raise Unfit("no segment, offset and length")


def _records(value: Any) -> RecordLocations:
    if not isinstance(value, dict):
        raise Unfit("no JSON object")
    return {record_id: _place(each) for record_id, each in value.items()}


@attrs.frozen(kw_only=True)
class SetAside(JsonModel):
    """A file that was set aside."""

    name: str
    """Its current name."""
    reason: str
    """For people."""
    since: datetime
    """UTC."""
    size: int = 0
    """Bytes."""
    section: str | None = None
    """The section whose manifests and alarms report it."""
    salvage: str | None = attrs.field(default=None, metadata={"read": _salvage})
    """`pending` or `done`; None for a file that is not a segment."""
    attempt: int = attrs.field(default=1, metadata={"read": _attempt})
    """Number of the next salvage."""
    lost: int = 0
    """Bytes outside whole records."""
    records: RecordLocations = attrs.field(repr=False, metadata={"read": _records})
    """Salvaged records by id: name of the new segment, offset and length."""

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a note; fields of later releases are left out.

        Raises:
            ValueError: it is invalid.
        """
        return attrs.evolve(cls.from_json(strict_json.load_object(data)), later={})

    def writes_null(self, name: str) -> bool:
        """Return True: all fields are written."""
        return True

    @property
    def original(self) -> str:
        """Its original name."""
        return original_name(Path(self.name))

    @property
    def summary(self) -> dict[str, Any]:
        """Its entry in manifests and the output of commands."""
        segments = sorted({segment for segment, _, _ in self.records.values()})
        return {
            "file": printable(self.original),
            "reason": self.reason,
            "since": timestamp(self.since),
            "size": self.size,
            "records": len(self.records),
            "salvaged": segments,
        }


def set_aside(path: Path, reason: str, *, segment: bool = False) -> Path | None:
    """Rename a file and write a note of the reason; return its new path, or None if it can't be renamed.

    Without space for the note the file is still set aside.

    Args:
        path: the file; may be a link or a folder.
        reason: for people.
        segment: whether to salvage its records.
    """
    target, number = _fitting(path, BAD), 1
    while os.path.lexists(target):
        number += 1
        target = _fitting(path, f".{number}{BAD}")
    try:
        path.rename(target)
        sync_folder(path.parent)
    except OSError as error:
        logger.warning("%s can't be used (%s), and can't be set aside: %s", printable(str(path)), reason, error)
        return None
    logger.error("set aside as %s: %s", printable(str(target)), reason)
    write_note(target, new_note(target, reason, segment=segment))
    return target


def _fitting(path: Path, ending: str) -> Path:
    """Return a path with an ending, short enough for the note's name: a file name has at most 255 bytes."""
    return path.with_name(os.fsdecode(os.fsencode(path.name)[: _LONGEST_NAME - len(ending)]) + ending)


def new_note(bad: Path, reason: str, *, segment: bool) -> SetAside:
    """Return the note of a file that was just set aside."""
    status = bad.lstat()
    return SetAside(
        name=bad.name,
        reason=reason,
        since=datetime.now(UTC),
        size=status.st_size,
        salvage=PENDING if segment and stat.S_ISREG(status.st_mode) else None,
        records={},
    )


def note_path(bad: Path) -> Path:
    """Return the path of a file's note."""
    return bad.with_name(bad.name.removesuffix(BAD) + NOTE)


def replace_note(bad: Path, note: SetAside) -> None:
    """Write a note, replacing an existing one.

    Raises:
        OSError: it can't be written.
    """
    replace_file(note_path(bad), json.dumps(note.to_json()))


def write_note(bad: Path, note: SetAside) -> None:
    """Write a note; if that fails, a later run writes it."""
    try:
        replace_note(bad, note)
    except OSError as error:
        logger.warning("no note of %s can be written: %s", printable(str(bad)), error)


def read_note(bad: Path, site: str) -> SetAside:
    """Return the note of a file that was set aside; a new note if it is missing or unreadable."""
    try:
        note = SetAside.parse(read_regular(note_path(bad)))
        salvage = note.salvage if segment_of(bad, site) else None
        return attrs.evolve(note, name=bad.name, salvage=salvage)  # The file may come from another spool.
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        logger.warning("the note of %s can't be read: %s", printable(str(bad)), error)
    return new_note(bad, UNKNOWN, segment=segment_of(bad, site) is not None)


def restore(folder: Path, note: SetAside) -> None:
    """Let the next recovery read a file again, after it was repaired or moved to its spool.

    Only those records of a segment are taken that are not in another segment yet.

    Raises:
        OSError: the spool can't be written.
    """
    bad = folder / note.name
    if note.records:
        replace_note(bad, attrs.evolve(note, salvage=PENDING))
        return
    target = folder / note.original
    if os.path.lexists(target):
        raise FileExistsError(f"{target} exists already")
    bad.rename(target)
    note_path(bad).unlink(missing_ok=True)
    sync_folder(folder)


def all_set_aside(folder: Path, site: str) -> list[SetAside]:
    """Return the notes of all files that are set aside in a site's spool, by name. It only reads the notes.

    Raises:
        OSError: the folder can't be listed.
    """
    if not folder.is_dir():
        return []
    bad = sorted(path for path in folder.iterdir() if path.name.endswith(BAD))
    return [read_note(path, site) for path in bad]


def claimed(folder: Path, site: str, section: str) -> list[SetAside]:
    """Return the set-aside files that a section has to report; files without a section are assigned to it.

    So one damaged file is in the manifests of one section, and raises one alarm.
    """
    notes = []
    try:
        for note in all_set_aside(folder, site):
            own = attrs.evolve(note, section=section) if note.section is None else note
            if own is not note:
                write_note(folder / own.name, own)
            if own.section == section:
                notes.append(own)
    except OSError as error:
        logger.warning("files that are set aside in %s can't be listed: %s", folder, error)
    return notes


def printable(name: str) -> str:
    """Return a file's name with escapes for all characters that are not printable."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in name)


def spool_id(spool: Path) -> str:
    """Return an id of a spool that does not reveal the machine; each worker has its own spool."""
    return hashlib.sha256(f"{socket.gethostname()}:{spool.absolute()}".encode()).hexdigest()[:12]


def new_locations(notes: list[SetAside], site: str) -> dict[str, dict[str, tuple[str, int, int]]]:
    """Return the new locations of records (key, offset, length), by key of the damaged segment and record id."""
    places: dict[str, dict[str, tuple[str, int, int]]] = {}
    for note in notes:
        if name := segment_of(Path(note.name), site):
            here = places.setdefault(name.key, {})
            for record_id, (text, offset, length) in note.records.items():
                if new := SegmentName.parse(text, site):
                    here[record_id] = (new.key, offset, length)
    return places
