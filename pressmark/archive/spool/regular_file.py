"""Files of a spool, opened to be read.

A link is not followed, and a pipe, which would wait for its writer, is refused.
"""

import errno
import os
import stat
from io import FileIO
from pathlib import Path

from pressmark.model.strict_json import MOST


def open_regular(path: Path) -> FileIO:
    """Open a file to read, unbuffered.

    Raises:
        OSError: it can't be opened, or it is no regular file.
    """
    file = FileIO(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK))
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EINVAL, "it is no file", str(path))
    return file


def read_regular(path: Path, most: int = MOST) -> bytes:
    """Return what is in a file of at most this many bytes.

    Raises:
        OSError: it can't be read, or it is no regular file.
        ValueError: it is larger; nothing of it is read.
    """
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > most:
            raise ValueError(f"it has {size} bytes, and at most {most} are read")
        return file.read(size)
