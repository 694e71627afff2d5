"""Sorted lines: more of them than memory holds, put in any order and read in that of their bytes."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from heapq import merge
from itertools import groupby
from types import TracebackType
from typing import IO, Self

MEMORY_LIMIT = 32 << 20
"""Bytes of lines that are held in memory; what is more goes to files, each sorted."""


class SortedLines:
    """Lines, each with its line feed; a context manager, whose end deletes the files."""

    def __init__(self, memory_limit: int = MEMORY_LIMIT) -> None:
        self._memory_limit = memory_limit
        self._lines: list[bytes] = []
        self._size = 0
        self._files: list[IO[bytes]] = []
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def add(self, lines: Iterable[bytes]) -> None:
        """Take some more."""
        for line in lines:
            self._lines.append(line)
            self._size += len(line)
            if self._size >= self._memory_limit:
                self._write()

    def in_order(self, *others: Iterable[bytes]) -> Iterator[bytes]:
        """Return all lines, and those of others that are sorted already; of equal ones, one. To be called once."""
        for file in self._files:
            file.seek(0)
        return (line for line, _ in groupby(merge(*self._files, sorted(self._lines), *others)))

    def _write(self) -> None:
        file = self._stack.enter_context(tempfile.TemporaryFile(prefix="pressmark-lines-"))  # noqa: SIM115 - the stack's end
        file.writelines(sorted(self._lines))
        self._files.append(file)
        self._lines, self._size = [], 0
