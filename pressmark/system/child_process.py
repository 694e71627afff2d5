"""Child processes of Pressmark: each in its own session, with its output in a file."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType

import attrs

from pressmark.errors import ServiceFailed
from pressmark.private import opener
from pressmark.system import parent_watch

POLL = 0.05
"""Seconds between two checks of a program that is starting or stopping."""


@attrs.define
class Program:
    """A child process. It ends with its parent, even if the parent is killed."""

    name: str
    """Name in messages."""
    command: Sequence[str | Path]
    environment: Mapping[str, str]
    folder: Path
    """Working directory."""
    log: Path
    """File that its output is appended to."""
    _process: subprocess.Popen[bytes] | None = None
    _watch_pipe: int = -1

    @property
    def running(self) -> bool:
        """Return whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it; `wait_until` checks whether it becomes ready."""
        reading, self._watch_pipe = os.pipe()
        try:
            with open(self.log, "ab", opener=opener) as log:
                self._process = subprocess.Popen(
                    # -I: parent_watch only needs the standard library, and starts in 20 ms this way.
                    [sys.executable, "-I", "-S", parent_watch.__file__, str(reading), *map(str, self.command)],
                    cwd=self.folder,
                    env=dict(self.environment),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    pass_fds=[reading],
                    start_new_session=True,
                    umask=0o077,
                )
        finally:
            os.close(reading)

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Return once it is ready.

        Raises:
            ServiceFailed: it ended, or the time is up; the message has the last lines of its log.
        """
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.running:
                raise ServiceFailed(f"{self.name} ended before it was ready. {self.log_tail()}")
            if time.monotonic() > deadline:
                raise ServiceFailed(f"{self.name} was not ready within {seconds:g} s. {self.log_tail()}")
            time.sleep(POLL)

    def check(self) -> None:
        """Raise ServiceFailed if it has ended by itself."""
        if self._process is not None and not self.running:
            raise ServiceFailed(f"{self.name} ended by itself. {self.log_tail()}")

    def wait(self) -> None:
        """Return when it has ended by itself."""
        if self._process is not None:
            self._process.wait()

    def terminate(self) -> None:
        """Send SIGTERM to its process group without waiting; call `stop` afterwards."""
        if self._process is not None:
            _signal_group(self._process, signal.SIGTERM)

    def kill(self) -> None:
        """Kill its process group, as in a machine crash; call `stop` afterwards."""
        if self._process is not None:
            _signal_group(self._process, signal.SIGKILL)

    def stop(self, seconds: float = 10) -> None:
        """Stop its process group: SIGTERM, then SIGKILL when the time is up."""
        if self._process is None:
            return
        process, self._process = self._process, None
        deadline = time.monotonic() + seconds
        number: int = signal.SIGTERM
        while _signal_group(process, number) and number is not signal.SIGKILL:
            number = 0 if time.monotonic() < deadline else signal.SIGKILL
            time.sleep(POLL)
        process.wait()
        os.close(self._watch_pipe)

    def log_tail(self, lines: int = 30) -> str:
        """Return the last lines of its log, with the log's path."""
        text = self.log.read_text("utf-8", "replace") if self.log.exists() else ""
        last = "\n".join(f"  | {line}" for line in text.splitlines()[-lines:])
        return f"{self.log} ends with:\n{last}" if last else f"{self.log} is empty."


def _signal_group(process: subprocess.Popen[bytes], number: int) -> bool:
    """Send a signal (0: none) to the program's process group; return False if the group is gone."""
    process.poll()  # A zombie counts as alive until it is polled.
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):  # macOS answers "not permitted" for a group of zombies.
        return False
    return True


def interrupt_on_sigterm() -> None:
    """Make SIGTERM and SIGINT raise KeyboardInterrupt once; later signals are ignored, so the shutdown completes."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, interrupt)
