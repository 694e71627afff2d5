"""The crawl process in a network of the test: names resolve as a file says, and nothing leaves the loopback.

`NAMES` names a JSON file, `{"news.example": [["127.0.0.1"], ["127.0.0.2"]]}`: the addresses of a name for each
lookup, the last ones from then on. Each connection that is tried is written to the file that `TRIED` names, as
`ADDRESS PORT`; one beyond the loopback is not made. `PORT_80` is the port that connections to port 80 are made to: a
test can't listen there.

The real resolver can't be used: a test may not query a name server, and none would give these addresses.
"""

import json
import os
import socket
import sys
from collections import Counter
from ipaddress import ip_address
from pathlib import Path
from typing import Any

resolve, connect, connect_ex = socket.getaddrinfo, socket.socket.connect, socket.socket.connect_ex
names: dict[str, list[list[str]]] = json.loads(Path(os.environ["NAMES"]).read_text())
web_port = int(os.environ.get("PORT_80", "80"))
asked: Counter[str] = Counter()


def resolved(host: Any, port: Any, family: int = 0, kind: int = 0, proto: int = 0, flags: int = 0) -> list[Any]:
    """Stand in for `socket.getaddrinfo`."""
    name = host.decode() if isinstance(host, bytes) else host
    if name not in names:
        return resolve(host, port, family, kind, proto, flags | socket.AI_NUMERICHOST)
    turn = min(asked[name], len(names[name]) - 1)
    asked[name] += 1
    return [
        answer
        for address in names[name][turn]
        for answer in resolve(address, port, family, kind, proto, socket.AI_NUMERICHOST)
    ]


def tried(sock: socket.socket, address: Any) -> bool:
    """Record that a connection is tried; return whether it may be made."""
    if sock.family not in {socket.AF_INET, socket.AF_INET6}:
        return True
    with Path(os.environ["TRIED"]).open("a") as file:
        file.write(f"{address[0]} {address[1]}\n")
    return ip_address(address[0].partition("%")[0]).is_loopback


def connecting(sock: socket.socket, address: Any) -> None:
    """Stand in for `socket.socket.connect`."""
    if not tried(sock, address):
        raise ConnectionRefusedError(f"the test makes no connection to {address}")
    connect(sock, address)


def connecting_ex(sock: socket.socket, address: Any) -> int:
    """Stand in for `socket.socket.connect_ex`."""
    if not tried(sock, address):
        return 111
    if sock.family in {socket.AF_INET, socket.AF_INET6} and address[1] == 80:
        address = (address[0], web_port, *address[2:])
    return connect_ex(sock, address)


socket.getaddrinfo = resolved  # type: ignore[assignment]
socket.gethostbyname = lambda name: str(resolved(name, 0, socket.AF_INET)[0][4][0])
socket.socket.connect = connecting  # type: ignore[method-assign, assignment]
socket.socket.connect_ex = connecting_ex  # type: ignore[method-assign, assignment]

if __name__ == "__main__":
    from pressmark.crawl import process  # After the stand-ins: Twisted gets the resolver on import.

    sys.exit(process.main())
