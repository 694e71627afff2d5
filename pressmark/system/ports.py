"""Ports of this machine: which are free, and which have a web server."""

import http.client
import random
import socket
from collections.abc import Collection

from pressmark.errors import ServiceFailed

LOOPBACK = "127.0.0.1"
OWN_CHOICE = range(20_000, 32_000)
"""Below the range of ephemeral ports, so that no outgoing connection takes a port away."""


def origin(host: str, port: int) -> str:
    """Return the origin of a server for browsers on this machine."""
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def is_free(port: int) -> bool:
    """Return whether a server could listen on this port of the loopback interface now."""
    with socket.socket() as asking:
        asking.settimeout(1)
        if asking.connect_ex((LOOPBACK, port)) == 0:
            return False  # macOS allows a bind while another server listens on all interfaces.
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def answers(host: str, port: int) -> bool:
    """Return whether a web server answers there with 200."""
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def free_port(*beside: int, without: Collection[int] = ()) -> int:
    """Return a free port that is not in `without`; the ports at the distances `beside` are so too."""
    while True:
        port = random.choice(OWN_CHOICE)
        if all(is_free(each) and each not in without for each in (port + distance for distance in (0, *beside))):
            return port


def require_free(port: int, name: str, remedy: str) -> None:
    """Raise ServiceFailed if this port is in use; `remedy` says how to choose another."""
    if not is_free(port):
        raise ServiceFailed(f"port {port}, which {name} needs, is in use. {remedy}")
