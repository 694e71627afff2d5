"""The crawl runner, killed when one of its two processes comes to a step: `killed_crawl.py WHO:STEP SITE/SECTION ...`.

WHO is `runner` or `archivist`. At step 0 none is killed, and both print how many steps they took. A step is anything
that is or may be durable: a record, a draft, an fsync, a rename, a deletion, a write to the bucket; each is one step
before it happens and one after it. A record is torn: half of its bytes are on the disk.
"""

import os
import signal
import sys
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from pressmark.archive.publish import archivist, archivist_process
from pressmark.archive.s3.store import Store
from pressmark.archive.spool import spool
from pressmark.archive.warc.gzip_member import Member
from pressmark.crawl import process

if TYPE_CHECKING:
    from collections.abc import Callable


class Steps:
    """Counts steps, and kills the process group at one of them."""

    def __init__(self, last: int) -> None:
        self._last, self._lock = last, Lock()
        self.count = 0

    def reached(self) -> bool:
        """Count a step; return whether it is the last."""
        with self._lock:
            self.count += 1
            return self.count == self._last

    def take(self) -> None:
        """Count a step, and die if it is the last."""
        if self.reached():
            die()

    def around(self, owner: Any, name: str) -> None:
        """Make a step before and one after every call."""
        call: Callable[..., Any] = getattr(owner, name)

        def stepping(*args: Any, **kwargs: Any) -> Any:
            self.take()
            try:
                return call(*args, **kwargs)
            finally:
                self.take()

        setattr(owner, name, stepping)

    def tearing(self) -> None:
        """Make a step of each write of a record, with half of it written."""
        send = Member._send

        def stepping(member: Member) -> None:
            if self.reached():
                member._file.write(bytes(member._waiting[: len(member._waiting) // 2]))
                die()
            send(member)

        Member._send = stepping  # type: ignore[method-assign]


def die() -> None:
    """End both processes, as in a power cut that leaves the disk intact."""
    os.killpg(0, signal.SIGKILL)


def main() -> None:
    """Crawl, or be its archivist, with steps."""
    me = "archivist" if sys.argv[1] == "as-archivist" else "runner"
    target = sys.argv.pop(2 if me == "archivist" else 1)
    who, _, step = target.partition(":")
    steps = Steps(int(step) if who == me else 0)
    steps.tearing()
    steps.around(spool, "to_line")
    steps.around(os, "fsync")
    for name in ("rename", "unlink"):
        steps.around(Path, name)
    for name in ("put", "put_new", "put_file"):
        steps.around(Store, name)
    archivist.COMMAND = (sys.executable, "-m", "tests.support.killed_crawl", "as-archivist", target)
    try:
        (archivist_process if me == "archivist" else process).main()
    finally:
        print(f"steps of {me}: {steps.count};", file=sys.stderr)  # noqa: T201 - its result


if __name__ == "__main__":
    main()
