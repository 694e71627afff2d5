"""The processes of a crawl: which there are, and how much memory each holds at most."""

import subprocess
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

import psutil


def children(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """Return the processes that a crawl has started."""
    return psutil.Process(process.pid).children(recursive=True)


def module(process: psutil.Process) -> str:
    """Return the module that a process runs, e.g. `pressmark.extract.page_reader_process`."""
    words = process.cmdline()
    return words[words.index("-m") + 1] if "-m" in words else ""


class MostMemory:
    """While it is entered, notes the most memory that any process below this one held; Linux keeps each one's peak."""

    def __init__(self) -> None:
        self.most: dict[str, int] = {}
        """Bytes by module."""
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(0.25):
            for each in psutil.Process().children(recursive=True):
                with suppress(psutil.Error, OSError, ValueError, StopIteration):  # It has just ended.
                    name, held = module(each), _peak(each.pid)
                    self.most[name] = max(held, self.most.get(name, 0))


def _peak(pid: int) -> int:
    with open(f"/proc/{pid}/status", encoding="ascii") as status:  # noqa: PTH123 - it is no file of a folder
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
