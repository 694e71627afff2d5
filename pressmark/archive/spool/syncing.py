"""Syncing: captures become durable after some bytes or seconds, while the crawl continues."""

import os
import threading
import time

SYNC_BYTES = 8 << 20
SYNC_SECONDS = 5.0
"""A sync starts after so many written bytes, or so many seconds after the first of them."""
_MOST = 4
"""During a sync, the writer may write this many times `SYNC_BYTES`; then it waits."""


class Syncer:
    """Makes an open segment and its drafts durable in its own thread, the segment first.

    A power cut loses the data since the last sync: usually less than `SYNC_BYTES` bytes and `SYNC_SECONDS` seconds,
    never more than four times those bytes. The kernel may write a draft before its capture; recovery checks each draft
    against the existing records.
    """

    def __init__(self, *, sync_bytes: int = SYNC_BYTES, sync_seconds: float = SYNC_SECONDS) -> None:
        self._bytes, self._seconds = sync_bytes, sync_seconds
        self._changed = threading.Condition()
        self._files: tuple[int, ...] = ()
        self._unsynced, self._since = 0, 0.0
        self._syncing = self._closed = False
        self._failure: OSError | None = None
        self._thread = threading.Thread(target=self._work, name="sync", daemon=True)
        self._thread.start()

    def watch(self, *files: int) -> None:
        """Sync these files from now on, in this order; close their descriptors only after `release`."""
        with self._changed:
            self._files = files

    def wrote(self, number: int) -> None:
        """Count written bytes; wait if the disk is too slow.

        Raises:
            OSError: an earlier sync failed.
        """
        with self._changed:
            if number and not self._unsynced:
                self._since = time.monotonic()
            self._unsynced += number
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._unsynced < _MOST * self._bytes or self._failure)
            self._raise()

    def release(self) -> None:
        """Stop syncing the files; the caller syncs the rest.

        Raises:
            OSError: an earlier sync failed.
        """
        with self._changed:
            self._files, self._unsynced = (), 0
            self._changed.wait_for(lambda: not self._syncing)
            self._raise()

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()

    def _raise(self) -> None:
        if failure := self._failure:
            self._failure = None
            raise failure

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._closed and (wait := self._due_in()) > 0:
                    self._changed.wait(None if wait == float("inf") else wait)
                if self._closed:
                    return
                files, number, self._syncing = self._files, self._unsynced, True
            failure = None
            try:
                for each in files:
                    os.fdatasync(each)
            except OSError as error:
                failure = error
            with self._changed:
                self._failure = self._failure or failure
                self._unsynced = max(0, self._unsynced - number)
                self._since = time.monotonic()
                self._syncing = False
                self._changed.notify_all()

    def _due_in(self) -> float:
        """Return the seconds until a sync is due."""
        if not self._files or not self._unsynced:
            return float("inf")
        if self._unsynced >= self._bytes:
            return 0.0
        return self._since + self._seconds - time.monotonic()
