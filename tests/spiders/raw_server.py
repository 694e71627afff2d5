"""A server that says exactly what it is told to, and logs every byte of both directions."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import attrs

Script = tuple[bytes | float | None, ...]
"""What to do for a path, in order: bytes are sent, a number is a pause in seconds, None closes the connection."""


@attrs.define
class Exchange:
    """What went over the wire for one request."""

    received: bytes
    sent: bytearray = attrs.field(factory=bytearray)


@attrs.define(slots=False)
class RawServer:
    """Answers each path by its script; `log` has every exchange by path, in order."""

    scripts: dict[str, Script]
    tls: ssl.SSLContext | None = None
    log: dict[str, list[Exchange]] = attrs.field(factory=dict)
    port: int = 0

    @contextmanager
    def running(self) -> Iterator["RawServer"]:
        """Listen on a free port of the loopback."""
        with socket.create_server(("127.0.0.1", 0)) as listening:
            self.port = listening.getsockname()[1]
            threading.Thread(target=self._accept, args=(listening,), daemon=True).start()
            yield self

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with self.tls.wrap_socket(connection, server_side=True) if self.tls else connection as stream:
                while self._answer(stream):
                    pass
        except OSError:
            pass  # The client went away, which some exchanges are about.

    def _answer(self, stream: socket.socket) -> bool:
        request = b""
        while b"\r\n\r\n" not in request:
            piece = stream.recv(65536)
            if not piece:
                return False
            request += piece
        head, _, body = request.partition(b"\r\n\r\n")
        wanted = next(
            (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
        )
        while len(body) < wanted:
            piece = stream.recv(65536)
            body, request = body + piece, request + piece
        target = request.split(b" ")[1].decode()
        path = "/" + target.split("://", 1)[-1].split("/", 1)[1] if "://" in target else target
        entry = Exchange(request)
        self.log.setdefault(path, []).append(entry)
        for step in self.scripts[path]:
            if step is None:
                return False
            if isinstance(step, bytes):
                stream.sendall(step)
                entry.sent += step
            else:
                time.sleep(step)
        return True
