"""Batches: a whole segment on the local disk with its drafts, and the note of what was published."""

import json
import os
import re
import zlib
from collections.abc import Iterator, Sequence
from io import BufferedReader
from pathlib import Path
from typing import Any, Self

import attrs

from pressmark.archive.s3.store import Stored
from pressmark.archive.spool.durable_file import replace_file, sync_folder
from pressmark.archive.spool.regular_file import open_regular, read_regular
from pressmark.archive.spool.segment import SealedSegment
from pressmark.archive.spool.set_aside import set_aside
from pressmark.archive.spool.spool_files import DRAFTS, PUBLISHED, UPLOADED, spool_files
from pressmark.errors import SpoolError
from pressmark.model import json_model, keys, strict_json
from pressmark.model.document import Document, captures_of
from pressmark.model.outcomes import Outcome

_DOCUMENTS = (keys.ARTICLES, keys.REJECTED, keys.SILENT_EDITS, keys.WITHDRAWN)
_SHA256 = re.compile("[0-9a-f]{64}")
_SUM = "\t"
"""Separates the CRC-32 of a line; JSON never contains it unescaped."""


@attrs.frozen(kw_only=True)
class Draft:
    """A document that waits until its captures are durable."""

    article_id: str
    key: str
    """Bucket key of the document, if it is still free then."""
    outcome: Outcome
    """Outcome of its article when it is published."""
    taken: Outcome
    """Outcome of its article when another document has the key."""
    document: Document


def to_line(draft: Draft) -> str:
    """Return a draft as a line: JSON and its CRC-32, as a flipped bit may still give valid JSON."""
    text = json.dumps(attrs.asdict(draft), ensure_ascii=False)
    return f"{text}{_SUM}{zlib.crc32(text.encode()):08x}\n"


def from_line(line: bytes) -> Draft:
    """Read a draft.

    Raises:
        ValueError, TypeError, LookupError: it is damaged.
    """
    text, separator, crc = line.rstrip(b"\n").rpartition(_SUM.encode())
    if separator and f"{zlib.crc32(text):08x}".encode() != crc:
        raise ValueError("its checksum is wrong")
    facts = strict_json.load_object(text if separator else line)  # Earlier releases wrote no checksum.
    draft = Draft(
        article_id=json_model.text(facts["article_id"]),
        key=_document_key(facts["key"]),
        outcome=Outcome(facts["outcome"]),
        taken=Outcome(facts["taken"]),
        document=facts["document"],
    )
    captures_of(draft.document)
    json_model.text(draft.document["archivedAt"])
    if draft.key.startswith(keys.ARTICLES):
        json_model.text(draft.document["pressmark"]["contentSha256"])
    return draft


def _document_key(value: Any) -> str:
    key = json_model.key(value)
    if not key.startswith(_DOCUMENTS):
        raise ValueError(f"{key} is not the key of a document")
    return key


@attrs.frozen(kw_only=True)
class Drafts:
    """The readable drafts of a file."""

    drafts: tuple[Draft, ...] = ()
    damaged: int = 0
    """Unreadable lines, except a last line that was cut when the run was killed."""

    @classmethod
    def read(cls, path: Path, site: str) -> Self:
        """Read the drafts of a site in the order of staging, each once; a line of another site counts as damaged.

        Raises:
            OSError: the file can't be read.
        """
        drafts: dict[tuple[str, str], Draft] = {}
        damaged = 0
        with BufferedReader(open_regular(path)) as lines:
            while line := lines.readline(strict_json.MOST):
                if not line.endswith(b"\n") and len(line) < strict_json.MOST:
                    break  # Cut when the run was killed.
                try:
                    draft = from_line(line)
                except (ValueError, TypeError, LookupError, AttributeError):
                    damaged += 1
                    continue
                if draft.key.split("/")[1] == site:
                    drafts.setdefault((draft.key, draft.document["archivedAt"]), draft)
                else:
                    damaged += 1
        return cls(drafts=tuple(drafts.values()), damaged=damaged)


@attrs.frozen(kw_only=True)
class Batch:
    """A whole segment, and the drafts with their last capture in it."""

    segment: SealedSegment
    drafts_path: Path
    recovered: Sequence[Draft] | None = None
    """For a killed run: the drafts with existing captures, instead of those in the file."""
    stored: Stored | None = None
    """The segment in the bucket, if it was uploaded already."""
    damage: str = ""
    """What is wrong with the file of drafts; it is then set aside."""

    def drafts(self) -> Iterator[Draft]:
        """Read the drafts in the order of staging.

        Raises:
            SpoolError: they can't be read; recovery does not need them.
        """
        if self.recovered is not None:
            yield from self.recovered
            return
        try:
            with BufferedReader(open_regular(self.drafts_path)) as lines:
                yield from map(from_line, lines)
        except (OSError, ValueError, TypeError, LookupError, AttributeError) as error:
            raise SpoolError(f"{self.drafts_path} can't be read: {error}. The next run recovers it.") from error

    def delete(self) -> None:
        """Delete the local copy; call it only after the bucket confirmed the upload."""
        if self.damage:
            set_aside(self.drafts_path, self.damage)
        self.segment.path.unlink()
        self.drafts_path.unlink(missing_ok=True)


@attrs.frozen(kw_only=True)
class Published:
    """The objects of a batch in the bucket."""

    segment: Stored
    records: int
    index: Stored
    """The segment's CDXJ."""
    objects: tuple[Stored, ...]
    """The written documents."""
    is_read: bool = False
    """Whether a recovery has read the captures that its run did not read, see `unread`."""

    def save(self, folder: Path) -> None:
        """Write the note, which is kept until a manifest lists it: a run may be killed before it writes one."""
        replace_file(published_note_path(folder, self), self._text())

    def save_over(self, folder: Path) -> None:
        """Replace an earlier note of the same segment; on a full disk, overwrite it in place.

        Raises:
            OSError: even that fails.
        """
        try:
            self.save(folder)
        except OSError:
            self.write_over(published_note_path(folder, self))

    def save_over_segment(self, segment: Path) -> None:
        """Overwrite an uploaded segment with the note: a full disk has no other space.

        It needs no new space and no new inode. If it is interrupted, `uploaded.resume` rebuilds the note.

        Raises:
            OSError: even that fails.
        """
        place = segment.with_name(Path(self.segment.key).name + UPLOADED)
        segment.rename(place)
        sync_folder(place.parent)
        self.write_over(place)

    def write_over(self, place: Path) -> None:
        """Write the note over the remains of an uploaded segment."""
        with place.open("r+b", buffering=0) as file:
            file.truncate()
            data = self._text().encode()
            while data:
                data = data[file.write(data) :]
            os.fsync(file.fileno())
        place.rename(published_note_path(place.parent, self))
        sync_folder(place.parent)

    def _text(self) -> str:
        facts = attrs.asdict(self)
        return json.dumps({**facts, "crc32": _crc(facts)})

    @property
    def versions(self) -> int:
        """Number of versions among the documents."""
        return sum(stored.key.startswith(keys.ARTICLES) for stored in self.objects)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a note.

        Raises:
            OSError, ValueError, TypeError, LookupError: it can't be read.
        """
        facts = strict_json.load_object(read_regular(path))
        crc = facts.pop("crc32", None)  # Earlier releases wrote none.
        if crc is not None and crc != _crc(facts):
            raise ValueError("its checksum is wrong")
        if type(facts["records"]) is not int or facts["records"] < 0:
            raise ValueError("it does not say how many records there are")
        return cls(
            segment=_stored(facts["segment"]),
            records=facts["records"],
            index=_stored(facts["index"]),
            objects=tuple(map(_stored, facts["objects"])),
            is_read=facts.get("is_read") is True,  # Missing in notes of earlier releases.
        )


def _crc(facts: dict[str, Any]) -> str:
    return f"{zlib.crc32(json.dumps(facts, sort_keys=True).encode()):08x}"


def _stored(facts: dict[str, Any]) -> Stored:
    stored = Stored(facts["key"], facts["size"], facts["sha256"])
    json_model.key(stored.key)
    if type(stored.size) is not int or stored.size < 0 or not _SHA256.fullmatch(json_model.text(stored.sha256)):
        raise ValueError(f"{facts} does not describe an object")
    return stored


def delete_note(published: Path) -> None:
    """Delete the note of a batch: a manifest lists it now."""
    published.with_name(published.name.removesuffix(PUBLISHED) + DRAFTS).unlink(missing_ok=True)
    published.unlink(missing_ok=True)


def published_note_path(folder: Path, published: Published) -> Path:
    """Return the path of a `Published` note."""
    return folder / (Path(published.segment.key).name + PUBLISHED)


def published_notes(folder: Path, site: str) -> dict[Path, Published]:
    """Return the notes of published segments, oldest first; an unreadable note is set aside.

    Raises:
        SpoolError: the spool can't be listed.
    """
    notes: dict[Path, Published] = {}
    for each in spool_files(folder, site).of_kind(PUBLISHED):
        try:
            notes[each.path] = Published.read(each.path)
        except (OSError, ValueError, TypeError, LookupError, AttributeError) as error:
            set_aside(
                each.path, f"this note of a published segment can't be read ({error}); no manifest lists the segment"
            )
    return notes
