"""Runs a command and ends it when its starter is gone for any reason: `parent_watch.py FD COMMAND`.

FD is the read end of a pipe. Only the starter has the write end, so end of file means that the starter is gone. Unlike
Linux's parent-death signal this works on macOS too, and it reaches the whole process group.
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
        # A signal to the group is meant for the command, which inherits SIG_IGN but not a handler.
        signal.signal(number, lambda *_: None)
    child = subprocess.Popen(command)
    starter_gone = threading.Event()
    threading.Thread(target=_end_group, args=(watch_pipe, starter_gone), daemon=True).start()
    code = child.wait()
    if starter_gone.is_set():
        time.sleep(1)  # Other processes of the group may end later; nothing else cleans them up now.
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
