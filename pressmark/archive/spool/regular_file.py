"""Opens files of a spool for reading.

Links are not followed. Pipes are refused, as opening one waits for its writer.
"""

import errno
import os
import stat
from io import FileIO
from pathlib import Path

from pressmark.model.strict_json import MOST


def open_regular(path: Path) -> FileIO:
    """Open a file for unbuffered reading.

    Raises:
        OSError: it can't be opened, or is not a regular file.
    """
    file = FileIO(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK))
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    return file


def read_regular(path: Path, most: int = MOST) -> bytes:
    """Return the content of a file of at most `most` bytes.

    Raises:
        OSError: it can't be read, or is not a regular file.
        ValueError: it is larger; nothing is read then.
    """
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > most:
            raise ValueError(f"it has {size} bytes, and at most {most} are read")
        return file.read(size)
