"""Programs that Pressmark starts and is answerable for: each in a session of its own, its output in a file."""

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
"""Seconds between two looks at a program that is coming up or going down."""


@attrs.define
class Program:
    """A program under way. It ends with the one that started it, even if that one is killed."""

    name: str
    """What people call it, in messages."""
    command: Sequence[str | Path]
    environment: Mapping[str, str]
    folder: Path
    """Where it runs."""
    log: Path
    """Where its output goes, appended."""
    _process: subprocess.Popen[bytes] | None = None
    _watch_pipe: int = -1

    @property
    def running(self) -> bool:
        """Tell whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it; whether it came up is for `wait_until` to see."""
        reading, self._watch_pipe = os.pipe()
        try:
            with open(self.log, "ab", opener=opener) as log:
                self._process = subprocess.Popen(
                    # -I: the leash needs nothing but the standard library, and starts in 20 ms that way.
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
            ServiceFailed: it ended, or the time was up; the message holds the log's last lines.
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
        """Send its process group SIGTERM, and do not wait: `stop` does, of several one after the other."""
        if self._process is not None:
            _signal_group(self._process, signal.SIGTERM)

    def kill(self) -> None:
        """Kill its whole process group outright, as when its machine dies; `stop` is to follow."""
        if self._process is not None:
            _signal_group(self._process, signal.SIGKILL)

    def stop(self, seconds: float = 10) -> None:
        """End its whole process group: SIGTERM, and SIGKILL for what is left when the time is up."""
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
        """Return the last lines of its log, with the log's name."""
        text = self.log.read_text("utf-8", "replace") if self.log.exists() else ""
        last = "\n".join(f"  | {line}" for line in text.splitlines()[-lines:])
        return f"{self.log} ends with:\n{last}" if last else f"{self.log} is empty."


def _signal_group(process: subprocess.Popen[bytes], number: int) -> bool:
    """Send a signal (0: none) to the program's group; False if nobody of it is left."""
    process.poll()  # A dead child that nobody has waited for counts as alive.
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):  # macOS says "not permitted" of a group of zombies.
        return False
    return True


def interrupt_on_sigterm() -> None:
    """Let SIGTERM and SIGINT raise KeyboardInterrupt, once: what is stopped then is stopped to the end."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, interrupt)
