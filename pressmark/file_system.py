"""File systems: free space, and error messages that people understand."""

import errno
import os
from pathlib import Path

import attrs

from pressmark.errors import SpoolError

FEWEST_INODES = 64
"""Free inodes that a crawl needs at its start: a segment uses four until it is published."""
_OWN = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.ENOMEM}


@attrs.frozen(kw_only=True)
class FreeSpace:
    """Free space of a file system."""

    mount: Path
    """Mount point."""
    free: int
    """Bytes that this user may still write."""
    inodes: int | None
    """Files that can still be created; None if there is no limit."""
    read_only: bool

    def __str__(self) -> str:
        if self.read_only:
            return f"the file system at {self.mount} is read-only"
        files = "" if self.inodes is None else f" and room for {self.inodes:,} files"
        return f"the file system at {self.mount} has {format_size(self.free)} free{files}"


def free_space(path: Path) -> FreeSpace:
    """Return the free space of the file system of a path; the path need not exist yet.

    Raises:
        OSError: the file system can't be queried.
    """
    path = path.absolute()
    while not path.exists():
        path = path.parent
    facts = os.statvfs(path)
    while not os.path.ismount(path):
        path = path.parent
    return FreeSpace(
        mount=path,
        free=facts.f_bavail * facts.f_frsize,
        inodes=facts.f_favail if facts.f_files else None,
        read_only=bool(facts.f_flag & os.ST_RDONLY),
    )


def is_of_file_system(error: OSError) -> bool:
    """Return whether an error concerns the file system or this process, not one file."""
    return error.errno in _OWN


def is_of_machine(error: BaseException) -> bool:
    """Return whether an error concerns this machine, not one file: no space, memory or thread."""
    return type(error) in {MemoryError, RuntimeError} or (isinstance(error, OSError) and is_of_file_system(error))


def spool_error(what: str, path: Path, error: OSError, wanted: int = 0) -> SpoolError:
    """Return the error of a spool that can't be written, with the free space and the space needed.

    Args:
        what: the failed action, e.g. `segment X can't be written`.
        path: of the spool.
        error: the system's error.
        wanted: bytes that the write needed, if known.
    """
    try:
        here = f"; {free_space(path)}" if is_of_file_system(error) else ""
    except OSError:
        here = ""
    needed = f", {format_size(wanted)} are needed" if wanted and here else ""
    return SpoolError(f"{what}: {error}{here}{needed}. Make room, or set PRESSMARK_SPOOL to another folder.")


def check_reserve(path: Path, reserve: int) -> None:
    """Stop a crawl that would fill the disk.

    Raises:
        SpoolError: the file system is read-only, or has less free space than `reserve`.
    """
    try:
        here = free_space(path)
    except OSError as error:
        raise SpoolError(f"the spool {path} can't be used: {error}. Set PRESSMARK_SPOOL.") from error
    few = here.inodes is not None and here.inodes < FEWEST_INODES
    if here.read_only or here.free < reserve or few:
        raise SpoolError(
            f"no crawl starts on this disk: {here}; {format_size(reserve)} and room for {FEWEST_INODES} files are "
            f"needed (PRESSMARK_SPOOL_RESERVE). Waiting segments in {path} were published if possible. Make room, or "
            "set PRESSMARK_SPOOL to another folder."
        )


def format_size(number: int) -> str:
    """Format a number of bytes for people: `12.3 MB`; rounded down, so that too little never looks like enough."""
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if number >= unit:
            return f"{number * 10 // unit / 10:.1f} {name}"
    return f"{number} bytes"
