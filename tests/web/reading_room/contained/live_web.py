"""The live web for a browser in an isolated network: every name resolves, and all traffic is recorded."""

import socket
import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

HERE = "10.9.8.7"
"""Address in this network only: browsers send some things to no loopback address."""
_UDP = (3478, 443)
_TCP = (80, 443)


def _name(query: bytes) -> str:
    """Return the name in a DNS query (RFC 1035, 4.1)."""
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode("latin-1"))
        at += 1 + query[at]
    return ".".join(labels)


def _answer(query: bytes) -> bytes:
    """Return an A record for an A query, and no record for any other."""
    end = query.index(b"\0", 12) + 5
    question = query[12:end]
    is_a = question[-4:-2] == b"\0\x01"
    head = query[:2] + struct.pack(">HHHHH", 0x8180, 1, is_a, 0, 0)
    record = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 0, 4) + socket.inet_aton(HERE)
    return head + question + (record if is_a else b"")


@contextmanager
def live_web(heard: list[str]) -> Iterator[None]:
    """Resolve all names; record each look-up, connection and datagram as `dns NAME`, `tcp BYTES` or `udp PORT`."""

    class Names(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            query, asked = self.request
            heard.append(f"dns {_name(query)}")
            asked.sendto(_answer(query), self.client_address)

    class Visits(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.settimeout(2)
            try:
                came = self.request.recv(500)
            except OSError:
                came = b""
            heard.append(f"tcp {came.decode('latin-1')}")

    class Datagrams(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            heard.append(f"udp {self.server.server_address[1]}")

    servers: list[socketserver.BaseServer] = [socketserver.ThreadingUDPServer(("127.0.0.1", 53), Names)]
    servers += [socketserver.ThreadingTCPServer((HERE, port), Visits) for port in _TCP]
    servers += [socketserver.ThreadingUDPServer((HERE, port), Datagrams) for port in _UDP]
    with ExitStack() as stack:
        for server in servers:
            stack.enter_context(server)
            stack.callback(server.shutdown)
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield
