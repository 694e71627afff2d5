"""The archivist's process, started by `archivist.Archivist`: `python -m ....archivist_process FD`."""

import logging
import os
import select
import signal
import socket
import sys
import threading
from datetime import timedelta
from io import BytesIO
from typing import IO, Any, NoReturn

import attrs
from filelock import FileLock

from pressmark.archive.publish.archivist import Setup, lock_path
from pressmark.archive.publish.ipc import Channel
from pressmark.archive.publish.publisher import DraftOutcomes, Publisher
from pressmark.archive.s3.patience import shorten_waits
from pressmark.archive.s3.store import Store
from pressmark.archive.spool.batch import Draft, Published
from pressmark.archive.spool.spool import Spool
from pressmark.archive.warc.originals import Originals
from pressmark.errors import PressmarkError, RunFailed, SpoolError
from pressmark.model.capture import Capture, Exchange
from pressmark.private import keep_private

_HEAD_WITHIN = 5.0
"""Timeout in seconds: the crawl waits."""


class ArchivistProcess:
    """Writes the crawl's exchanges and drafts in order; ends when the crawl closes it or is gone."""

    def __init__(self, channel: Channel, setup: Setup) -> None:
        self._channel = channel
        self._captures: dict[int, Capture] = {}
        self._failed = False
        self._publisher = Publisher(Store.connect(setup.config), self._published, self._fail)
        self._spool = Spool(
            setup.config.spool / setup.site,
            setup.site,
            setup.run_id,
            setup.info,
            self._publisher.take,
            earlier=setup.earlier,
            reads_alike=Originals(
                Store.connect(attrs.evolve(setup.config, patience=0), within=_HEAD_WITHIN)
            ).reads_alike,
            segment_bytes=setup.config.segment_bytes,
            segment_age=timedelta(seconds=setup.config.segment_seconds),
            sharing=setup.config.sharing,
        )

    def work(self) -> None:
        """Handle messages of the crawl until `close`."""
        while True:
            message, file = self._channel.receive()
            if message == ("close",):
                break
            try:
                self._take(message, file)
            except SpoolError as error:
                self._fail(error)
        for part in (self._spool, self._publisher):
            try:
                part.close()
            except PressmarkError as error:
                self._fail(error)
        self._channel.send(("closed",))

    def _take(self, message: Any, file: int | None) -> None:
        body: IO[bytes]
        match message:
            case "exchange", number, facts, bytes() as data:
                with BytesIO(data) as body:
                    self._record(number, Exchange(**facts, response_body=body))
            case "exchange", number, facts, int() as start:
                assert file is not None
                with os.fdopen(file, "rb") as body:
                    body.seek(start)
                    self._record(number, Exchange(**facts, response_body=body))
            case "forget", numbers:
                for number in numbers:
                    self._captures.pop(number, None)
            case "stage", Draft() as draft, numbers, fields:
                if not self._failed:  # A draft after a failure may need missing captures.
                    self._spool.stage(draft, [self._captures[number] for number in numbers], **fields)

    def _record(self, number: int, exchange: Exchange) -> None:
        if not self._failed:
            self._captures[number] = self._spool.record(exchange)

    def _published(self, published: Published, outcomes: DraftOutcomes) -> None:
        slim = [(attrs.evolve(draft, document={}), outcome) for draft, outcome in outcomes]
        self._channel.send(("published", published, slim))

    def _fail(self, error: Exception) -> None:
        if not isinstance(error, PressmarkError):
            error = RunFailed(f"publishing failed: {type(error).__name__}: {error}")
        if not self._failed:
            self._failed = True
            self._channel.send(("failed", error))


class _LogRelay(logging.Handler):
    """Sends log records to the crawl, which logs them."""

    def __init__(self, channel: Channel) -> None:
        super().__init__(logging.INFO)
        self._channel = channel

    def emit(self, record: logging.LogRecord) -> None:
        self._channel.send(("log", record.name, record.levelno, record.getMessage()))


def main() -> None:
    """Work until the crawl closes; end at once when it is gone: the next run publishes complete captures."""
    ending = {signal.SIGTERM, signal.SIGINT}
    for number in ending:
        signal.signal(number, lambda *_: shorten_waits())  # The crawl gets them too, and decides when to end.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ending)
    fd = int(sys.argv[-1])
    channel = Channel(socket.socket(fileno=fd))
    threading.Thread(target=_hasten_when_alone, args=[fd], daemon=True).start()
    logging.getLogger("pressmark").addHandler(_LogRelay(channel))
    logging.getLogger("pressmark").setLevel(logging.INFO)
    try:
        setup, _ = channel.receive()
        keep_private(setup.config.sharing)
        with FileLock(lock_path(setup.config, setup.site), mode=setup.config.sharing.file_mode):
            ArchivistProcess(channel, setup).work()
    except (EOFError, BrokenPipeError, ConnectionResetError):
        _end_at_once()


def _hasten_when_alone(fd: int) -> None:
    """Shorten waits for the bucket once the crawl is gone: the next crawl waits for this process's lock."""
    crawl = select.poll()
    crawl.register(
        fd, getattr(select, "POLLRDHUP", 0)
    )  # Without it, as on macOS, poll only reports that both ends are closed.
    crawl.poll()
    shorten_waits()


def _end_at_once() -> NoReturn:
    os._exit(1)


if __name__ == "__main__":
    main()
