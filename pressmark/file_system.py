"""File systems: how much room one has, and what its errors mean for people."""

import errno
import os
from pathlib import Path

import attrs

from pressmark.errors import SpoolError

FEWEST_INODES = 64
"""Free ones that a crawl starts with: a segment takes four until it is published."""
_OWN = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.ENOMEM}


@attrs.frozen(kw_only=True)
class Room:
    """The room of a file system."""

    mount: Path
    """Where it is mounted."""
    free: int
    """Bytes that this user may still write."""
    inodes: int | None
    """Files that may still be made; None if there is no limit."""
    read_only: bool

    def __str__(self) -> str:
        if self.read_only:
            return f"the file system at {self.mount} is read-only"
        files = "" if self.inodes is None else f" and room for {self.inodes:,} files"
        return f"the file system at {self.mount} has {size(self.free)} free{files}"


def room(path: Path) -> Room:
    """Return the room of the file system that a path is on; the path need not exist yet.

    Raises:
        OSError: it can't be asked.
    """
    path = path.absolute()
    while not path.exists():
        path = path.parent
    facts = os.statvfs(path)
    while not os.path.ismount(path):
        path = path.parent
    return Room(
        mount=path,
        free=facts.f_bavail * facts.f_frsize,
        inodes=facts.f_favail if facts.f_files else None,
        read_only=bool(facts.f_flag & os.ST_RDONLY),
    )


def is_of_file_system(error: OSError) -> bool:
    """Tell whether an error says something about the file system or this process, and not about one file."""
    return error.errno in _OWN


def is_of_machine(error: BaseException) -> bool:
    """Tell whether an error says something about this machine, and not about one file: no room, memory or thread."""
    return type(error) in {MemoryError, RuntimeError} or (isinstance(error, OSError) and is_of_file_system(error))


def spool_error(what: str, path: Path, error: OSError, wanted: int = 0) -> SpoolError:
    """Return the error of a spool that can't be written, which says how much room there is and how much is wanted.

    Args:
        what: could not be done, e.g. `segment X can't be written`.
        path: of the spool.
        error: what the system said.
        wanted: bytes that the write needed, if that is known.
    """
    try:
        here = f"; {room(path)}" if is_of_file_system(error) else ""
    except OSError:
        here = ""
    needed = f", {size(wanted)} are wanted" if wanted and here else ""
    return SpoolError(f"{what}: {error}{here}{needed}. Make room, or set PRESSMARK_SPOOL to another folder.")


def check_reserve(path: Path, reserve: int) -> None:
    """Hold a crawl back that would fill the disk.

    Raises:
        SpoolError: the file system is read-only, or has less room than this.
    """
    try:
        here = room(path)
    except OSError as error:
        raise SpoolError(f"the spool {path} can't be used: {error}. Set PRESSMARK_SPOOL.") from error
    few = here.inodes is not None and here.inodes < FEWEST_INODES
    if here.read_only or here.free < reserve or few:
        raise SpoolError(
            f"no crawl starts on this disk: {here}; {size(reserve)} and room for {FEWEST_INODES} files are wanted "
            f"(PRESSMARK_SPOOL_RESERVE). What waited in {path} and could be published is published. Make room, or set "
            "PRESSMARK_SPOOL to another folder."
        )


def size(number: int) -> str:
    """Say a number of bytes, for people: `12.3 MB`; rounded down, so that too little never looks like enough."""
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if number >= unit:
            return f"{number * 10 // unit / 10:.1f} {name}"
    return f"{number} bytes"
