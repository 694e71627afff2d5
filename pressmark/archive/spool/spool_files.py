"""The files of a site's spool, by what their names say; what has no such name is strange. Nothing is opened here."""

import os
import re
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import attrs

from pressmark.errors import SpoolError
from pressmark.model import keys

OPEN = ".open"
DRAFTS = ".drafts.jsonl"
PUBLISHED = ".published.json"
UPLOADED = ".uploaded"
"""A segment that is in the bucket, whose room was given up before the note of it could be written."""
PART = ".part"
BAD = ".bad"
NOTE = ".bad.json"
MARK = "telling.json"
_SEGMENT = r"-(?P<stamp>[0-9]{17})-(?P<run>[A-Za-z0-9._-]+)-[0-9]{5}(?P<salvaged>(?:-salvaged[0-9]{1,4})*)\.warc\.gz"
_LONGEST = 200
"""Characters of a segment's name: with the longest ending of another file it has to be a file's name too."""
_KINDS = ("", OPEN, DRAFTS, PUBLISHED, UPLOADED)
_STAMP = "%Y%m%d%H%M%S%f"


@attrs.frozen
class SegmentName:
    """The file name of a sealed segment: `<site>-<time>-<run id>-<serial>.warc.gz`."""

    site: str
    text: str
    started_at: datetime
    """UTC."""
    run: str
    """Id of the run that wrote it."""
    is_salvaged: bool
    """Whether it was made of what could be read of a damaged one."""

    @classmethod
    def parse(cls, text: str, site: str) -> Self | None:
        """Read a name; None if it is that of no segment of this site: `news-2` is none of `news`."""
        found = re.fullmatch(re.escape(site) + _SEGMENT, text) if len(text) <= _LONGEST else None
        try:
            began = found and datetime.strptime(found["stamp"] + "000", _STAMP).replace(tzinfo=UTC)
        except ValueError:
            return None
        return cls(site, text, began, found["run"], bool(found["salvaged"])) if found and began else None

    @property
    def key(self) -> str:
        """Of the segment in the bucket."""
        return keys.segment(self.site, self.started_at, self.text)

    def salvaged(self, attempt: int) -> "SegmentName":
        """Return the name of the segment that is made of what can be read of this one."""
        text = f"{self.text.removesuffix('.warc.gz')}-salvaged{attempt}.warc.gz"
        return attrs.evolve(self, text=text, is_salvaged=True)


@attrs.frozen
class SpoolFile:
    """A file of the spool that belongs to a segment."""

    path: Path
    kind: str
    """What follows the segment's name: nothing, or one of the endings above."""
    segment: SegmentName


@attrs.frozen(kw_only=True)
class SpoolFiles:
    """What is in the spool of a site."""

    segment_files: tuple[SpoolFile, ...] = ()
    """By name, which is the order of their time."""
    parts: tuple[Path, ...] = ()
    """What was being written when a run was killed; it counts for nothing."""
    bad: tuple[Path, ...] = ()
    """What was set aside."""
    strange: tuple[tuple[Path, str], ...] = ()
    """All else, with what is strange about it."""
    mark: Path | None = None

    def of_kind(self, kind: str) -> list[SpoolFile]:
        """Return the files of one kind."""
        return [each for each in self.segment_files if each.kind == kind]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to recover."""
        return not (self.parts or self.strange or self.bad or self.segment_files)

    @property
    def waiting(self) -> int:
        """How many segments are not in the bucket yet."""
        return len(self.of_kind("")) + len(self.of_kind(OPEN)) + len(self.of_kind(UPLOADED))


def spool_files(folder: Path, site: str) -> SpoolFiles:
    """List a site's spool; nothing if there is none.

    Raises:
        SpoolError: the folder can't be listed.
    """
    segment_files: list[SpoolFile] = []
    parts, bad, strange, mark = [], [], [], None
    for entry in _entries(folder):
        path = Path(entry.path)
        found = parse_spool_file(path, site)
        if entry.name.endswith(NOTE) or entry.name.startswith("."):
            continue  # Read with what it is about; hidden files are of the file system's or a desktop's own.
        if entry.name.endswith(BAD):
            bad.append(path)
        elif (wrong := _no_file(entry)) is not None:
            strange.append((path, wrong))
        elif found:
            segment_files.append(found)
        elif entry.name == MARK:
            mark = path
        elif _is_part(entry.name, site):
            parts.append(path)
        else:
            strange.append((path, f"its name is that of no file of {site}'s spool"))
    segment_files.sort(key=lambda each: each.path.name)
    return SpoolFiles(
        segment_files=tuple(segment_files),
        parts=tuple(sorted(parts)),
        bad=tuple(sorted(bad)),
        strange=tuple(sorted(strange)),
        mark=mark,
    )


def _entries(folder: Path) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise SpoolError(f"the spool {folder} can't be listed: {error}") from error


def _no_file(entry: "os.DirEntry[str]") -> str | None:
    try:
        mode = entry.stat(follow_symlinks=False).st_mode
    except OSError as error:
        return f"what it is can't be read: {error}"
    if stat.S_ISREG(mode):
        return None
    kinds = ((stat.S_ISLNK, "a symbolic link, which is never followed"), (stat.S_ISDIR, "a folder"))
    return "it is " + next((name for is_it, name in kinds if is_it(mode)), "a pipe, socket or device")


def parse_spool_file(path: Path, site: str) -> SpoolFile | None:
    """Return what a file is by its name; None if it belongs to no segment of this site."""
    for kind in reversed(_KINDS):
        if path.name.endswith(kind) and (name := SegmentName.parse(path.name.removesuffix(kind), site)):
            return SpoolFile(path, kind, name)
    return None


def _is_part(name: str, site: str) -> bool:
    whole = name.removesuffix(PART).removesuffix(PART)
    if whole == name:
        return False
    return whole.removesuffix(NOTE) != whole or whole == MARK or parse_spool_file(Path(whole), site) is not None


def segment_of(bad: Path, site: str) -> SegmentName | None:
    """Return the name of the segment that was set aside under this name; None if it was something else."""
    return SegmentName.parse(original_name(bad).removesuffix(OPEN), site)


def original_name(bad: Path) -> str:
    """Return what a file was called before it was set aside."""
    return re.sub(r"(\.\d+)?\.bad$", "", bad.name)
