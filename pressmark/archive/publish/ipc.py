"""Messages between two processes of one run, over a socket; a message may contain an open file."""

import pickle
import signal
import socket
import struct
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any

_HEAD = struct.Struct("!I?")
"""Bytes of the message, and whether it contains a file."""


class Channel:
    """One end of a socket pair. Any thread may send; one receives."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._sending = Lock()

    def limit(self, seconds: float) -> None:
        """Raise TimeoutError from now on when the other side receives or sends nothing for so long."""
        self._end.settimeout(seconds)

    def send(self, message: Any, file: int | None = None) -> None:
        """Send a message, with an optional file descriptor; waits while the other side is busy.

        Raises:
            OSError: the other side is gone.
        """
        data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        head = _HEAD.pack(len(data), file is not None)
        with self._sending:
            if file is None:
                self._end.sendall(head + data)
            else:
                socket.send_fds(self._end, [head], [file])
                self._end.sendall(data)

    def receive(self) -> tuple[Any, int | None]:
        """Wait for a message; the caller must close its file descriptor.

        Raises:
            EOFError: the other side has ended.
        """
        head, files, _, _ = socket.recv_fds(self._end, _HEAD.size, 1)
        head += self._read(_HEAD.size - len(head))
        size, _ = _HEAD.unpack(head)
        message = pickle.loads(self._read(size))  # noqa: S301 - from our own process
        return message, files[0] if files else None

    def close(self) -> None:
        """Close this end."""
        self._end.close()

    def _read(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            piece = self._end.recv(size - len(data))
            if not piece:
                raise EOFError
            data += piece
        return bytes(data)


def start(command: Sequence[str]) -> tuple[Channel, subprocess.Popen[bytes]]:
    """Start the other process, with the file descriptor of its socket as the last argument.

    Raises:
        OSError: it can't be started.
    """
    here, there = socket.socketpair()
    try:
        with there:
            arguments = [*command, str(there.fileno())]
            return Channel(here), subprocess.Popen(arguments, stdin=subprocess.DEVNULL, pass_fds=[there.fileno()])
    except OSError:
        here.close()
        raise


@contextmanager
def signals_blocked() -> Iterator[None]:
    """Block the signals that end a crawl, also in child processes started meanwhile, until they unblock them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
