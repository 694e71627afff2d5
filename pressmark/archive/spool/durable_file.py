"""Files that are written as a whole, or not at all."""

import os
from contextlib import suppress
from pathlib import Path

from pressmark.archive.spool.spool_files import PART
from pressmark.private import opener


def replace_file(path: Path, text: str) -> None:
    """Write a file, durably, in the place of one that may be there.

    Raises:
        OSError: it can't be written; what was there is as it was.
    """
    part = path.with_name(path.name + PART)
    try:
        part.unlink(missing_ok=True)  # Whatever it is: a link or a pipe must not be opened.
    except OSError:  # Somebody else's, or one that can't be changed.
        part = part.with_name(part.name + PART)
    try:
        part.unlink(missing_ok=True)
        with open(part, "x", encoding="utf-8", opener=opener) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)  # It takes room that is needed.
        raise
    part.rename(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make what was created, renamed or deleted in a folder durable: its entries are data too (fsync(2))."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
