"""Runs a command and ends it when the program that started it is gone, however it went: `parent_watch.py FD COMMAND`.

FD is the read end of a pipe whose write end only the starter holds: its end of file says that the starter is no more.
Unlike Linux's parent-death signal this works on macOS too, and it reaches the whole process group.
"""

import os
import signal
import subprocess
import sys
import threading
import time

GRACE = 10
"""Seconds from SIGTERM to SIGKILL."""


def main() -> int:
    """Run the command and return its exit code."""
    watch_pipe, command = int(sys.argv[1]), sys.argv[2:]
    for number in (signal.SIGTERM, signal.SIGINT):
        # Whoever stops the group means the command; a handler, unlike SIG_IGN, is not inherited by it.
        signal.signal(number, lambda *_: None)
    child = subprocess.Popen(command)
    starter_gone = threading.Event()
    threading.Thread(target=_end_group, args=(watch_pipe, starter_gone), daemon=True).start()
    code = child.wait()
    if starter_gone.is_set():
        time.sleep(1)  # For those of the group that are slower than its head; nobody else looks after them now.
        os.killpg(0, signal.SIGKILL)
    return code if code >= 0 else 128 - code


def _end_group(watch_pipe: int, starter_gone: threading.Event) -> None:
    os.read(watch_pipe, 1)
    starter_gone.set()
    os.killpg(0, signal.SIGTERM)
    time.sleep(GRACE)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
