"""The archivist: a process beside the crawl that writes segments, uploads and publishes them.

In one Python process, writing, compressing and uploading take turns with the crawl, and cost it a quarter of its speed.
Here the crawl only hands on. See docs/decisions.
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
"""What is started, with a file descriptor as its last argument."""
TOGETHER = 100
"""Captures that are forgotten at once."""
LARGE = 1 << 20
"""Bytes; a larger body is handed over as the file it lies in."""


@attrs.frozen(kw_only=True)
class Setup:
    """What the process needs to know."""

    config: Config
    site: str
    run_id: str
    info: Mapping[str, str]
    """Fields of the warcinfo record."""
    earlier: Mapping[str, Capture]
    """The last capture of each URL that may be referred to instead of being kept again."""


class Archivist:
    """The crawl's side: takes exchanges and drafts, tells what was published.

    Args:
        setup: for the process, which is started with the first exchange.
        on_published: is told of each segment that is in the bucket, with what became of its drafts, whose documents
            are left out; called from a thread of its own.
        on_failure: is told once when the bucket or the disk fails; called from that thread.
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
        """Start the process, if it is not there yet."""
        if self._process:
            return
        with signals_blocked():
            self._channel, self._process = start(COMMAND)
        self._listener = threading.Thread(target=self._listen, name="archivist", daemon=True)
        self._listener.start()
        self._send(self._setup)

    def record(self, exchange: Exchange) -> Receipt:
        """Hand on an exchange; waits while the disk is behind.

        Raises:
            PressmarkError: it failed before; nothing is taken any more.
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
        # A run of 20,000 pages has a million exchanges with their requisites, and stages few of them.
        finalize(receipt, self._released.append, receipt.number).atexit = False
        return receipt

    def stage(self, draft: Draft, receipts: Sequence[Receipt], **fields: str) -> None:
        """Leave a document to be published once all its captures are in the bucket.

        Args:
            draft: the document, without its captures.
            receipts: of the exchanges it was read from, in the order of its pages.
            fields: what became known of the first capture, for a metadata record.

        Raises:
            PressmarkError: it failed before.
        """
        self._send(("stage", draft, [receipt.number for receipt in receipts], fields))

    def make_haste(self) -> None:
        """Let it wait no longer for a bucket that is away."""
        if self._process:
            self._process.terminate()  # It takes that for no more than haste.

    def close(self) -> None:
        """Wait until all is sealed, uploaded and published.

        Raises:
            SpoolError: the disk failed; what was whole is published.
            BucketError: the bucket failed; what is not published stays in the spool.
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
        """Tell which captures nobody can stage any more, as nobody has their receipts."""
        if len(self._released) >= TOGETHER:
            self._send(("forget", [self._released.popleft() for _ in range(TOGETHER)]))

    def _send(self, message: object, file: int | None = None, *, again: bool = False) -> None:
        if self._failure and not again:
            raise self._failure
        try:
            self._channel.send(message, file)
        except OSError:
            self._listener.join()  # It learns of the end, too, and says why.
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
                        f"the archivist ended with exit code {code}, before the crawl did. What it wrote is in "
                        f"{self._setup.config.spool}; the next run publishes it."
                    )
                )
                return
            if message == ("closed",):
                return
            try:
                self._handle(*message)
            except Exception as error:  # noqa: BLE001 - of a listener: raised again by close()
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
    """Return the file that an archivist locks: one whose crawl was killed may live a moment longer."""
    return config.spool / f"{site}.archivist.lock"
