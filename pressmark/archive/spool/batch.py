"""A batch: a whole segment on the local disk, with what is to be published from it and what was."""

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
"""Before the CRC-32 of a line, which JSON can't contain unescaped."""


@attrs.frozen(kw_only=True)
class Draft:
    """A document that waits for its capture to be durable."""

    article_id: str
    key: str
    """Bucket key to publish it under, if that is still free."""
    outcome: Outcome
    """What its article counts as once it is published."""
    taken: Outcome
    """What its article counts as when the key is taken by another document."""
    document: Document


def to_line(draft: Draft) -> str:
    """Return a draft as a line: JSON, and its CRC-32, for a flipped bit may leave other JSON."""
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
    facts = strict_json.load_object(text if separator else line)  # Without a checksum: of an earlier release.
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
        raise ValueError(f"{key} is no key of a document")
    return key


@attrs.frozen(kw_only=True)
class Drafts:
    """What could be read of a file of drafts."""

    drafts: tuple[Draft, ...] = ()
    damaged: int = 0
    """Lines that can't be read, besides one that was cut when the run was killed."""

    @classmethod
    def read(cls, path: Path, site: str) -> Self:
        """Read the drafts of a site in the order they were staged, each once; a line of another site is damaged.

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
    """A whole segment and the drafts whose last capture is in it."""

    segment: SealedSegment
    drafts_path: Path
    recovered: Sequence[Draft] | None = None
    """Of a run that was killed: the drafts that its captures support, instead of those in the file."""
    stored: Stored | None = None
    """The segment in the bucket, if it is there already."""
    damage: str = ""
    """What is wrong with the file of drafts; it is then kept aside."""

    def drafts(self) -> Iterator[Draft]:
        """Read the drafts in the order they were staged.

        Raises:
            SpoolError: they can't be read; recovery can do without.
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
        """Forget the local copy; only for what the bucket has confirmed."""
        if self.damage:
            set_aside(self.drafts_path, self.damage)
        self.segment.path.unlink()
        self.drafts_path.unlink(missing_ok=True)


@attrs.frozen(kw_only=True)
class Published:
    """What a batch became in the bucket."""

    segment: Stored
    records: int
    index: Stored
    """The segment's CDXJ."""
    objects: tuple[Stored, ...]
    """The documents that were written."""
    is_read: bool = False
    """Whether what its run had captured and not read was read by a recovery, see `unread`."""

    def keep(self, folder: Path) -> None:
        """Keep it until a manifest tells of it: a run may be killed before it writes one."""
        replace_file(kept_at(folder, self), self._text())

    def keep_over(self, folder: Path) -> None:
        """Keep it instead of an earlier note of the same segment; on a full disk, in the room of that.

        Raises:
            OSError: not even that can be written.
        """
        try:
            self.keep(folder)
        except OSError:
            self.write_over(kept_at(folder, self))

    def keep_instead(self, segment: Path) -> None:
        """Keep it in the place of a segment that is in the bucket: on a full disk there is no other room for it.

        It takes no new room and no new inode. If this is cut off, `publisher.resume` makes the note again.

        Raises:
            OSError: not even that can be written.
        """
        place = segment.with_name(Path(self.segment.key).name + UPLOADED)
        segment.rename(place)
        sync_folder(place.parent)
        self.write_over(place)

    def write_over(self, place: Path) -> None:
        """Write it over what is left of an uploaded segment."""
        with place.open("r+b", buffering=0) as file:
            file.truncate()
            data = self._text().encode()
            while data:
                data = data[file.write(data) :]
            os.fsync(file.fileno())
        place.rename(kept_at(place.parent, self))
        sync_folder(place.parent)

    def _text(self) -> str:
        facts = attrs.asdict(self)
        return json.dumps({**facts, "crc32": _crc(facts)})

    @property
    def versions(self) -> int:
        """How many of the documents are versions; the others are rejections."""
        return sum(stored.key.startswith(keys.ARTICLES) for stored in self.objects)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what was kept.

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
            is_read=facts.get("is_read") is True,  # Earlier releases did not say.
        )


def _crc(facts: dict[str, Any]) -> str:
    return f"{zlib.crc32(json.dumps(facts, sort_keys=True).encode()):08x}"


def _stored(facts: dict[str, Any]) -> Stored:
    stored = Stored(facts["key"], facts["size"], facts["sha256"])
    json_model.key(stored.key)
    if type(stored.size) is not int or stored.size < 0 or not _SHA256.fullmatch(json_model.text(stored.sha256)):
        raise ValueError(f"{facts} is of no object")
    return stored


def forget(published: Path) -> None:
    """Delete what was kept of a batch: a manifest tells of it now."""
    published.with_name(published.name.removesuffix(PUBLISHED) + DRAFTS).unlink(missing_ok=True)
    published.unlink(missing_ok=True)


def kept_at(folder: Path, published: Published) -> Path:
    """Return where a `Published` is kept."""
    return folder / (Path(published.segment.key).name + PUBLISHED)


def kept(folder: Path, site: str) -> dict[Path, Published]:
    """Return what was published and kept for a manifest, oldest first; a note that can't be read is set aside.

    Raises:
        SpoolError: the spool can't be listed.
    """
    notes: dict[Path, Published] = {}
    for each in spool_files(folder, site).of_kind(PUBLISHED):
        try:
            notes[each.path] = Published.read(each.path)
        except (OSError, ValueError, TypeError, LookupError, AttributeError) as error:
            set_aside(each.path, f"what it says was published can't be read ({error}); no manifest lists it")
    return notes
