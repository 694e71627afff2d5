"""File modes: for the owner only, whatever the umask, or for a group that shares a spool."""

import os
from enum import StrEnum
from pathlib import Path

GROUP_WRITES = 0o020


class Sharing(StrEnum):
    """Who may use a folder and its files."""

    PRIVATE = "private"
    """The owner: 0600 in 0700."""
    GROUP = "group"
    """Also the group of the parent folder: 0660 in 2770."""

    @property
    def folder_mode(self) -> int:
        """Mode of a folder; in a group's folder each new file gets the folder's group."""
        return 0o2770 if self is Sharing.GROUP else 0o700

    @property
    def file_mode(self) -> int:
        """Mode of a file."""
        return 0o660 if self is Sharing.GROUP else 0o600


def make_folder(path: Path, sharing: Sharing = Sharing.PRIVATE, *, ours: bool = True) -> None:
    """Create a folder and its missing parents.

    Args:
        path: the folder.
        sharing: who may use it.
        ours: whether an existing folder gets the mode too. Not for a folder that a user named: it may hold other files.

    Raises:
        OSError: it can't be created.
    """
    missing = [each for each in (path, *path.parents) if not each.exists()]
    path.mkdir(mode=sharing.folder_mode, parents=True, exist_ok=True)
    for each in {path, *missing} if ours else missing:
        status = each.stat()
        if status.st_uid == os.geteuid() and status.st_mode & 0o7777 != sharing.folder_mode:
            each.chmod(sharing.folder_mode)


def opener(path: str, flags: int) -> int:
    """Open a file for `open()`; a new file is shared with the group if its folder is."""
    is_new = bool(flags & os.O_CREAT) and not os.path.lexists(path)
    shared = Path(path).parent.stat().st_mode & GROUP_WRITES
    mode = (Sharing.GROUP if shared else Sharing.PRIVATE).file_mode
    descriptor = os.open(path, flags, mode)
    if is_new:
        os.fchmod(descriptor, mode)
    return descriptor


def keep_private(sharing: Sharing = Sharing.PRIVATE) -> None:
    """Set the umask so that others can't read new files of this process and its children; call it at program start."""
    os.umask(0o007 if sharing is Sharing.GROUP else 0o077)
