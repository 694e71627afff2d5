"""pywb's `id_` replay of odd responses: its body is the recorded entity."""

import os
import random
import socket
from pathlib import Path

import pytest

from pressmark.archive.publish.segment_upload import put_segment
from pressmark.archive.s3.store import TEXT, Store
from pressmark.archive.spool.segment import Segment
from pressmark.archive.warc.content import ContentError, dechunked
from pressmark.archive.warc.http_head import parse_head
from pressmark.config import Config
from pressmark.jobs.monthly_index import Merger
from pressmark.system.ports import LOOPBACK, free_port
from pressmark.web.replay.server import ReplayServer
from tests.crawl.scrapy.test_odd_exchanges import recorded

RESPONSES = 600
TRAILER = b"0\r\nX-Sum: 5\r\n\r\n"
"""Trailer fields after the last chunk; warcio, which pywb uses, takes them for content."""


def entity(message: bytes) -> bytes | None:
    """Return the recorded body without its chunk framing; None if pywb reads it differently."""
    head = parse_head(message)
    body = message[head.size :]
    if set(head.all("content-encoding")) - {"gzip", "deflate", "br"}:
        return None  # The request accepted no such codings: pywb decodes them, or leaves the chunk framing.
    if "chunked" not in [each.strip().lower() for each in head.all("transfer-encoding")]:
        return body
    try:
        return None if body.endswith(TRAILER) else dechunked(body)
    except ContentError:
        return None  # It is cut or has no chunks: no page is read from it.


def replayed(port: int, path: str) -> tuple[int, bytes]:
    """Return pywb's response; its headers may be invalid for clients."""
    with socket.create_connection((LOOPBACK, port), timeout=30) as connection, connection.makefile("rb") as answer:
        accept = "Accept-Encoding: gzip, deflate, br"  # Otherwise pywb decodes.
        connection.sendall(f"GET {path} HTTP/1.0\r\nHost: {LOOPBACK}:{port}\r\n{accept}\r\n\r\n".encode())
        data = answer.read()
    head, _, body = data.partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]), body


@pytest.mark.slow
def test_odd_responses_replay_to_the_byte(bucket: str, tmp_path: Path) -> None:
    store = Store.open(Config.from_env(os.environ))
    assert store.bucket == bucket
    choose, wanted = random.Random(21), {}
    segment = Segment(tmp_path, "wire", "run1", 1, {"software": "test"})
    for number in range(RESPONSES):
        if taken := recorded(choose, number):
            exchange, message = taken
            with exchange.response_body:
                segment.write(exchange)
            body = entity(message)
            if exchange.status != 304 and body is not None:
                wanted[f"/wire/{exchange.started_at:%Y%m%d%H%M%S}id_/{exchange.url}"] = exchange.status, body, message
    sealed = segment.seal()
    put_segment(store, sealed)
    store.put(sealed.key.replace(".warc.gz", ".cdxj"), sealed.index.encode(), TEXT)
    list(Merger(store, "wire").months())
    server = ReplayServer(store, tmp_path / "cache", port=free_port())
    with server.running():
        different = [
            (path, *expected, message)
            for path, (*expected, message) in wanted.items()
            if replayed(server.port, path) != tuple(expected)
        ]
    assert len(wanted) > RESPONSES / 4
    assert different == []
