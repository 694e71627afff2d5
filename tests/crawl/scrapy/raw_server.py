"""A server that sends exactly the bytes of its script, and logs every byte in both directions."""

import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import attrs

Script = tuple[bytes | float | None, ...]
"""What to do for a path, in order: bytes are sent, a number is a pause in seconds, None closes the connection."""


@attrs.define
class Exchange:
    """The bytes sent and received for one request."""

    received: bytes
    sent: bytearray = attrs.field(factory=bytearray)


@attrs.define(slots=False)
class RawServer:
    """Answers each path by its script; `log` has every exchange by path, in order."""

    scripts: dict[str, Script]
    tls: ssl.SSLContext | None = None
    log: dict[str, list[Exchange]] = attrs.field(factory=dict)
    port: int = 0
    host: str = "127.0.0.1"

    @contextmanager
    def running(self) -> Iterator["RawServer"]:
        """Listen on a free port of the loopback."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        with socket.create_server((self.host, 0), family=family) as listening:
            self.port = listening.getsockname()[1]
            threading.Thread(target=self._accept, args=(listening,), daemon=True).start()
            yield self

    def script(self, path: str, request: bytes) -> Iterable[bytes | float | None]:
        """Return what to do for a request."""
        return self.scripts[path]

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
        for step in self.script(path, request):
            if step is None:
                return False
            if isinstance(step, bytes):
                stream.sendall(step)
                entry.sent += step
            else:
                time.sleep(step)
        return True


@contextmanager
def tunnel_proxy() -> Iterator[int]:
    """A proxy that answers CONNECT and passes bytes on, on a free port; yields the port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=_accept_tunnels, args=(listening,), daemon=True).start()
        yield listening.getsockname()[1]


def _accept_tunnels(listening: socket.socket) -> None:
    while True:
        try:
            client, _ = listening.accept()
        except OSError:
            return
        method, target, _ = client.recv(65536).split(b" ", 2)
        assert method == b"CONNECT"
        host, _, port = target.decode().partition(":")
        server = socket.create_connection((host, int(port)))
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        for source, sink in ((client, server), (server, client)):
            threading.Thread(target=_pass_on, args=(source, sink), daemon=True).start()


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass  # The other direction has ended it.
    finally:
        sink.close()
