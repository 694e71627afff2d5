"""The files of a site's spool, classified by name; files with other names are `strange`. Nothing is opened here."""

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
"""An uploaded segment that is being overwritten by its note."""
PART = ".part"
BAD = ".bad"
NOTE = ".bad.json"
MARK = "telling.json"
_SEGMENT = r"-(?P<stamp>[0-9]{17})-(?P<run>[A-Za-z0-9._-]+)-[0-9]{5}(?P<salvaged>(?:-salvaged[0-9]{1,4})*)\.warc\.gz"
_LONGEST = 200
"""Maximum characters of a segment's name: with the longest ending it must still be a valid file name."""
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
    """ID of the run that wrote it."""
    is_salvaged: bool
    """Whether it contains the readable records of a damaged segment."""

    @classmethod
    def parse(cls, text: str, site: str) -> Self | None:
        """Read a name; None if it is not a segment of this site: segments of `news-2` do not belong to `news`."""
        found = re.fullmatch(re.escape(site) + _SEGMENT, text) if len(text) <= _LONGEST else None
        try:
            began = found and datetime.strptime(found["stamp"] + "000", _STAMP).replace(tzinfo=UTC)
        except ValueError:
            return None
        return cls(site, text, began, found["run"], bool(found["salvaged"])) if found and began else None

    @property
    def key(self) -> str:
        """Key of the segment in the bucket."""
        return keys.segment(self.site, self.started_at, self.text)

    def salvaged(self, attempt: int) -> "SegmentName":
        """Return the name of the segment with the readable records of this one."""
        text = f"{self.text.removesuffix('.warc.gz')}-salvaged{attempt}.warc.gz"
        return attrs.evolve(self, text=text, is_salvaged=True)


@attrs.frozen
class SpoolFile:
    """A file of the spool that belongs to a segment."""

    path: Path
    kind: str
    """The ending after the segment's name: empty, or one of those above."""
    segment: SegmentName


@attrs.frozen(kw_only=True)
class SpoolFiles:
    """The files in the spool of a site."""

    segment_files: tuple[SpoolFile, ...] = ()
    """Ordered by name, and so by time."""
    parts: tuple[Path, ...] = ()
    """Incomplete files of killed runs; they are worthless."""
    bad: tuple[Path, ...] = ()
    """Files that were set aside."""
    unexpected: tuple[tuple[Path, str], ...] = ()
    """All other files, each with what is wrong."""
    mark: Path | None = None

    def of_kind(self, kind: str) -> list[SpoolFile]:
        """Return the files of one kind."""
        return [each for each in self.segment_files if each.kind == kind]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to recover."""
        return not (self.parts or self.unexpected or self.bad or self.segment_files)

    @property
    def waiting(self) -> int:
        """Number of segments that are not in the bucket yet."""
        return len(self.of_kind("")) + len(self.of_kind(OPEN)) + len(self.of_kind(UPLOADED))


def spool_files(folder: Path, site: str) -> SpoolFiles:
    """List a site's spool; empty if the folder does not exist.

    Raises:
        SpoolError: the folder can't be listed.
    """
    segment_files: list[SpoolFile] = []
    parts, bad, unexpected, mark = [], [], [], None
    for entry in _entries(folder):
        path = Path(entry.path)
        found = parse_spool_file(path, site)
        if entry.name.endswith(NOTE) or entry.name.startswith("."):
            continue  # Notes are read with their files; hidden files belong to the file system or a desktop.
        if entry.name.endswith(BAD):
            bad.append(path)
        elif (wrong := _no_file(entry)) is not None:
            unexpected.append((path, wrong))
        elif found:
            segment_files.append(found)
        elif entry.name == MARK:
            mark = path
        elif _is_part(entry.name, site):
            parts.append(path)
        else:
            unexpected.append((path, f"its name does not belong to {site}'s spool"))
    segment_files.sort(key=lambda each: each.path.name)
    return SpoolFiles(
        segment_files=tuple(segment_files),
        parts=tuple(sorted(parts)),
        bad=tuple(sorted(bad)),
        unexpected=tuple(sorted(unexpected)),
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
        return f"its type can't be read: {error}"
    if stat.S_ISREG(mode):
        return None
    kinds = ((stat.S_ISLNK, "a symbolic link, which is never followed"), (stat.S_ISDIR, "a folder"))
    return "it is " + next((name for is_it, name in kinds if is_it(mode)), "a pipe, socket or device")


def parse_spool_file(path: Path, site: str) -> SpoolFile | None:
    """Classify a file by its name; None if it does not belong to a segment of this site."""
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
    """Return the name of a segment that was set aside as `bad`; None if it is another file."""
    return SegmentName.parse(original_name(bad).removesuffix(OPEN), site)


def original_name(bad: Path) -> str:
    """Return the name of a file before it was set aside."""
    return re.sub(r"(\.\d+)?\.bad$", "", bad.name)
