"""A proxy of faults: an HTTP server before the real S3 server that answers, alters, cuts or slows by rule.

It hands the Host header on as it came, so that signatures hold. Each connection is of one request.
"""

import contextlib
import http.client
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit

import attrs

BLOCK = 1 << 16


@attrs.frozen
class Request:
    """What a client asked."""

    method: str
    path: str
    """Without its query, decoded: `/BUCKET/KEY`."""
    query: str
    headers: dict[str, str]
    """By lower-case name."""
    body: bytes = attrs.field(repr=False)


@attrs.frozen
class Answer:
    """What a client is sent."""

    status: int
    headers: dict[str, str]
    body: bytes = attrs.field(repr=False)

    def message(self, method: str) -> bytes:
        """Return it as it goes over the wire."""
        head = f"HTTP/1.1 {self.status} {http.client.responses.get(self.status, 'Odd')}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        return f"{head}Connection: close\r\n\r\n".encode("latin-1") + (b"" if method == "HEAD" else self.body)


@attrs.frozen(kw_only=True)
class Fault:
    """What becomes of one request; nothing, if all is as by default."""

    answer: Answer | None = None
    """In the place of the server's."""
    reaches_server: bool = True
    """Whether the server hears of the request; its answer may still be lost."""
    alter: Callable[[Answer], Answer] = lambda answer: answer
    cut: int | None = None
    """Bytes of the answer that are sent before the connection ends; negative: so many are missing at its end."""
    reset: bool = False
    """Whether it ends by a reset (RST) and not in order (FIN)."""
    read: int | None = None
    """Bytes of the request's body that are read, if it has as many, before the connection is reset."""
    rate: int | None = None
    """Bytes a second that are sent, and taken."""


Rule = Callable[[Request], Fault | None]


def error(status: int, code: str, **headers: str) -> Answer:
    """Return an error as S3 writes it."""
    body = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>of the test</Message></Error>'.encode()
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, {"Content-Type": "application/xml", "Content-Length": str(len(body))} | said, body)


def times(number: int, fault: Fault, matches: Callable[[Request], bool] = lambda request: True) -> Rule:
    """Return a rule for the first requests that match."""
    left = [number]

    def rule(request: Request) -> Fault | None:
        if not matches(request) or not left[0]:
            return None
        left[0] -= 1
        return fault

    return rule


def of(method: str, pattern: str = "") -> Callable[[Request], bool]:
    """Match requests by method and by a pattern of their path and query."""
    return lambda request: request.method == method and bool(re.search(pattern, f"{request.path}?{request.query}"))


class Proxy:
    """The proxy; `rule` may be set at any time, and `requests` lists the requests."""

    def __init__(self, endpoint: str) -> None:
        self._server = urlsplit(endpoint)
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._ended = False
        self.rule: Rule = lambda request: None
        self.requests: list[Request] = []
        self.endpoint = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End; connections that are open end by themselves."""
        self._ended = True
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()

    def _serve(self) -> None:
        while not self._ended:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=[connection], daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError, ValueError, http.client.HTTPException):
            head = _head(connection)
            request = _request(*head)
            fault = self.rule(request) or Fault()
            if fault.read != 0 and "100-continue" in request.headers.get("expect", ""):
                connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            length = int(request.headers.get("content-length", 0))
            if fault.read is not None:
                _take(connection, head[1], min(fault.read, length), None)
                _reset(connection)
                return
            request = attrs.evolve(request, body=_take(connection, head[1], length, fault.rate))
            self.requests.append(request)
            there = self._ask(request) if fault.reaches_server else None
            answer = fault.answer or (fault.alter(there) if there else Answer(500, {"Content-Length": "0"}, b""))
            message = answer.message(request.method)
            _send(connection, message if fault.cut is None else message[: fault.cut], fault.rate)
            if fault.reset:
                _reset(connection)

    def _ask(self, request: Request) -> Answer:
        assert self._server.hostname
        upstream = http.client.HTTPConnection(self._server.hostname, self._server.port, timeout=60)
        try:
            upstream.putrequest(request.method, request.headers["(target)"], skip_host=True, skip_accept_encoding=True)
            for name, value in request.headers.items():
                if name not in {"(target)", "expect", "connection"}:
                    upstream.putheader(name, value)
            upstream.endheaders(request.body or None)
            got = upstream.getresponse()
            body = got.read()
        finally:
            upstream.close()
        headers = {
            name: value for name, value in got.getheaders() if name.lower() not in {"connection", "transfer-encoding"}
        }
        if request.method != "HEAD" and got.status not in {204, 304}:
            headers = {name: value for name, value in headers.items() if name.lower() != "content-length"}
            headers["Content-Length"] = str(len(body))
        return Answer(got.status, headers, body)


@contextmanager
def proxied(endpoint: str) -> Iterator[Proxy]:
    """Run a proxy before an S3 server."""
    proxy = Proxy(endpoint)
    try:
        yield proxy
    finally:
        proxy.close()


def _head(connection: socket.socket) -> tuple[bytes, bytes]:
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(BLOCK)
        if not more:
            raise ValueError("no request")
        data += more
    head, _, rest = data.partition(b"\r\n\r\n")
    return head, rest


def _request(head: bytes, _: bytes) -> Request:
    line, *lines = head.decode("latin-1").split("\r\n")
    method, target, _version = line.split(" ")
    headers = {name.strip().lower(): value.strip() for name, _, value in (each.partition(":") for each in lines)}
    path, _, query = target.partition("?")
    return Request(method, unquote(path), query, headers | {"(target)": target}, b"")


def _take(connection: socket.socket, data: bytes, length: int, rate: int | None) -> bytes:
    while len(data) < length:
        more = connection.recv(min(BLOCK, rate or BLOCK, length - len(data)))
        if not more:
            raise ValueError("a request that is cut")
        data += more
        if rate:
            time.sleep(len(more) / rate)  # That is the rate.
    return data


def _send(connection: socket.socket, data: bytes, rate: int | None) -> None:
    step = max(1, rate // 10) if rate else BLOCK
    for start in range(0, len(data), step):
        connection.sendall(data[start : start + step])
        if rate:
            time.sleep(0.1)  # That is the rate.


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
