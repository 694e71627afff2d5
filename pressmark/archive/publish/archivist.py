"""The archivist: a process beside the crawl that writes, uploads and publishes segments.

In one Python process, writing, compression and uploads would take a quarter of the crawl's speed. With the archivist
the crawl only passes data on. See docs/decisions.
"""

import logging
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import finalize

import attrs

from pressmark.archive.publish.ipc import signals_blocked, start
from pressmark.archive.publish.publisher import DraftOutcomes
from pressmark.archive.spool.batch import Draft, Published
from pressmark.config import Config
from pressmark.errors import PressmarkError, RunFailed, SpoolError
from pressmark.model.capture import Capture, Exchange, Receipt

if TYPE_CHECKING:
    import subprocess

COMMAND = (sys.executable, "-m", "pressmark.archive.publish.archivist_process")
"""The command of the process; a file descriptor is added as its last argument."""
TOGETHER = 100
"""Captures in one `forget` message."""
LARGE = 1 << 20
"""Bytes; a larger body is passed as an open file."""


@attrs.frozen(kw_only=True)
class Setup:
    """Parameters of the process."""

    config: Config
    site: str
    run_id: str
    info: Mapping[str, str]
    """Fields of the warcinfo record."""
    earlier: Mapping[str, Capture]
    """The last capture of each URL: an identical response becomes a revisit of it."""


class Archivist:
    """The crawl's side: takes exchanges and drafts, and reports what was published.

    Args:
        setup: parameters of the process, which starts with the first exchange.
        on_published: gets each published segment with the outcomes of its drafts, without their documents; called
            from a separate thread.
        on_failure: called once when the bucket or the disk fails, from the same thread.
    """

    def __init__(
        self,
        setup: Setup,
        on_published: Callable[[Published, DraftOutcomes], None],
        on_failure: Callable[[PressmarkError], None] = lambda error: None,
    ) -> None:
        self._setup = setup
        self._on_published, self._on_failure = on_published, on_failure
        self._count = 0
        self._released: deque[int] = deque()
        self._failure: PressmarkError | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process if it is not running yet."""
        if self._process:
            return
        with signals_blocked():
            self._channel, self._process = start(COMMAND)
        self._listener = threading.Thread(target=self._listen, name="archivist", daemon=True)
        self._listener.start()
        self._send(self._setup)

    def record(self, exchange: Exchange) -> Receipt:
        """Pass on an exchange; waits while the disk is slow.

        Raises:
            PressmarkError: an earlier call failed; nothing more is accepted.
        """
        self.start()
        self._forget()
        self._count += 1
        with exchange.response_body as body:
            facts = {name: value for name, value in attrs.asdict(exchange, recurse=False).items() if value is not body}
            start = body.tell()
            if exchange.size > LARGE:
                body.flush()
                self._send(("exchange", self._count, facts, start), body.fileno())
            else:
                self._send(("exchange", self._count, facts, body.read()))
        receipt = Receipt(
            captured_at=exchange.started_at,
            size=exchange.size,
            number=self._count,
            record_id=exchange.record_id,
        )
        # A run of 20,000 pages has a million exchanges, requisites included, and stages few of them.
        finalize(receipt, self._released.append, receipt.number).atexit = False
        return receipt

    def stage(self, draft: Draft, receipts: Sequence[Receipt], **fields: str) -> None:
        """Stage a document; it is published when all its captures are in the bucket.

        Args:
            draft: the document, without its captures.
            receipts: receipts of its exchanges, in the order of its pages.
            fields: new facts about the first capture, for a metadata record.

        Raises:
            PressmarkError: an earlier call failed.
        """
        self._send(("stage", draft, [receipt.number for receipt in receipts], fields))

    def shorten_waits(self) -> None:
        """Shorten its wait for an unavailable bucket."""
        if self._process:
            self._process.terminate()  # The process only shortens its waits then.

    def close(self) -> None:
        """Wait until everything is sealed, uploaded and published.

        Raises:
            SpoolError: the disk failed; complete captures are published.
            BucketError: the bucket failed; unpublished segments stay in the spool.
        """
        if not self._process:
            return
        if not self._failure or self._process.poll() is None:
            self._send(("close",), again=True)
        self._listener.join()
        self._process.wait()
        self._channel.close()
        if self._failure:
            raise self._failure

    def _forget(self) -> None:
        """Report captures that can't be staged any more, as their receipts are gone."""
        if len(self._released) >= TOGETHER:
            self._send(("forget", [self._released.popleft() for _ in range(TOGETHER)]))

    def _send(self, message: object, file: int | None = None, *, again: bool = False) -> None:
        if self._failure and not again:
            raise self._failure
        try:
            self._channel.send(message, file)
        except OSError:
            self._listener.join()  # The listener notices the end, too, and sets the reason.
            if not again and self._failure:
                raise self._failure from None

    def _listen(self) -> None:
        while True:
            try:
                message, _ = self._channel.receive()
            except (EOFError, OSError):
                assert self._process
                code = self._process.wait()
                self._fail(
                    SpoolError(
                        f"the archivist ended with exit code {code}, before the crawl. Its captures are in "
                        f"{self._setup.config.spool}; the next run publishes them."
                    )
                )
                return
            if message == ("closed",):
                return
            try:
                self._handle(*message)
            except Exception as error:  # noqa: BLE001 - from a callback: close() raises it
                self._fail(RunFailed(f"publishing failed: {type(error).__name__}: {error}"))

    def _handle(self, kind: str, *what: object) -> None:
        match kind, *what:
            case "published", Published() as published, list() as outcomes:
                self._on_published(published, outcomes)
            case "failed", PressmarkError() as error:
                self._fail(error)
            case "log", str() as name, int() as level, str() as text:
                logging.getLogger(name).log(level, "%s", text)

    def _fail(self, error: PressmarkError) -> None:
        if not self._failure:
            self._failure = error
            self._on_failure(error)


def lock_path(config: Config, site: str) -> Path:
    """Return the lock file of the archivist, which may live a moment longer than its killed crawl."""
    return config.spool / f"{site}.archivist.lock"
