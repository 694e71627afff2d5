"""A client that sends half a request holds a connection for a limited time."""

import socket
from contextlib import suppress

import pytest

from pressmark.system.ports import free_port
from pressmark.web.reading_room import half_requests
from pressmark.web.reading_room.app import room_app
from pressmark.web.reading_room.serving import _serving
from tests.web.reading_room.conftest import PLACES, Archived

HEAD = b"GET /static/room.css HTTP/1.1\r\nHost: 127.0.0.1\r\n"


@pytest.mark.parametrize("sent", [b"", b"GET / HT", HEAD], ids=["nothing", "half a line", "half a head"])
def test_half_a_request_is_given_up(archived: Archived, monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    monkeypatch.setattr(half_requests, "SECONDS", 0.3)
    port = free_port()
    with _serving(room_app(archived.repository, archived.refresher, PLACES), "127.0.0.1", port):
        for before in (b"", HEAD + b"\r\n"):
            with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
                if before:
                    client.sendall(before)
                    assert client.recv(100).startswith(b"HTTP/1.1 200")
                client.sendall(sent)
                try:
                    while client.recv(1 << 16):
                        pass
                except ConnectionResetError:
                    pass


def test_a_complete_request_gets_a_response_however_it_is_split(
    archived: Archived, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(half_requests, "SECONDS", 10.0)
    port = free_port()
    with (
        _serving(room_app(archived.repository, archived.refresher, PLACES), "127.0.0.1", port),
        socket.create_connection(("127.0.0.1", port), timeout=20) as client,
    ):
        for byte in HEAD + b"\r\n":
            client.sendall(bytes([byte]))
        assert client.recv(100).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("begins", [b"GET /", HEAD + b"X-Long: "], ids=["an address", "a header"])
def test_a_head_without_an_end_is_not_read_forever(archived: Archived, begins: bytes) -> None:
    """Joining its parts again and again would block all other clients."""
    port = free_port()
    with (
        _serving(room_app(archived.repository, archived.refresher, PLACES), "127.0.0.1", port),
        socket.create_connection(("127.0.0.1", port), timeout=20) as client,
    ):
        client.sendall(begins)
        megabytes = 0
        with suppress(BrokenPipeError, ConnectionResetError):
            while megabytes < 64:
                client.sendall(b"x" * (1 << 20))
                megabytes += 1
    assert megabytes < 64
