"""Files that are written completely or not at all."""

import os
from contextlib import suppress
from pathlib import Path

from pressmark.archive.spool.spool_files import PART
from pressmark.private import opener


def replace_file(path: Path, text: str) -> None:
    """Write a file durably, replacing an existing one.

    Raises:
        OSError: it can't be written; the existing file is unchanged.
    """
    part = path.with_name(path.name + PART)
    try:
        part.unlink(missing_ok=True)  # It may be a link or a pipe, which must not be opened.
    except OSError:  # It belongs to somebody else, or is immutable.
        part = part.with_name(part.name + PART)
    try:
        part.unlink(missing_ok=True)
        with open(part, "x", encoding="utf-8", opener=opener) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)  # Its space is needed.
        raise
    part.rename(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make created, renamed and deleted entries of a folder durable (fsync(2))."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
