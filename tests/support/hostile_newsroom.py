"""A newsroom some of whose paths answer with what no newsroom would send, over real HTTP."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import attrs
import pytest

from pressmark.local.newsroom.http import server_thread
from pressmark.local.newsroom.http.server import site
from pressmark.local.newsroom.request_log import SeenRequest


@attrs.frozen
class Answer:
    """What is sent for a path."""

    body: bytes
    content_type: str = "text/html; charset=utf-8"
    gzipped: bool = False


@contextmanager
def hostile(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Answer]]:
    """Newsrooms that are started within answer the paths of the dictionary with what it holds."""
    answers: dict[str, Answer] = {}

    def wrapped(newsroom: Any) -> Any:
        pages = site(newsroom)

        async def application(scope: Any, receive: Any, send: Any) -> None:
            answer = answers.get(scope["path"]) if scope["type"] == "http" else None
            if answer is None:
                await pages(scope, receive, send)
                return
            newsroom.requests.add(_seen(scope))
            body = gzip.compress(answer.body, 6) if answer.gzipped else answer.body
            headers = [(b"content-type", answer.content_type.encode()), (b"content-length", b"%d" % len(body))]
            headers += [(b"content-encoding", b"gzip")] * answer.gzipped
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": body})

        return application

    monkeypatch.setattr(server_thread, "site", wrapped)
    yield answers


def _seen(scope: Any) -> SeenRequest:
    return SeenRequest(method=scope["method"], path=scope["path"], status=200, user_agent="", conditional=False)
