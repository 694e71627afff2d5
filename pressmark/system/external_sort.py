"""External sort: lines in any order, more than fit in memory, are returned in the order of their bytes."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from heapq import merge
from itertools import groupby
from types import TracebackType
from typing import IO, Self

MEMORY_LIMIT = 32 << 20
"""Bytes of lines in memory; more lines go to sorted temporary files."""


class SortedLines:
    """Lines, each with its line feed. A context manager that deletes its files at the end."""

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
        """Add lines."""
        for line in lines:
            self._lines.append(line)
            self._size += len(line)
            if self._size >= self._memory_limit:
                self._write()

    def in_order(self, *others: Iterable[bytes]) -> Iterator[bytes]:
        """Return all lines, merged with `others`, which are sorted already; duplicates are removed. Call it once."""
        for file in self._files:
            file.seek(0)
        return (line for line, _ in groupby(merge(*self._files, sorted(self._lines), *others)))

    def _write(self) -> None:
        file = self._stack.enter_context(tempfile.TemporaryFile(prefix="pressmark-lines-"))  # noqa: SIM115 - the stack's end
        file.writelines(sorted(self._lines))
        self._files.append(file)
        self._lines, self._size = [], 0
