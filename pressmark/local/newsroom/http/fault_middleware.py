"""Middleware of the newsroom: logs every request, and injects faults into responses."""

import asyncio
from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pressmark.local.newsroom.faults import FaultKind
from pressmark.local.newsroom.newsroom import Newsroom
from pressmark.local.newsroom.request_log import SeenRequest

SLOW_PIECES: Final = 24
_CHARSETS: Final = {FaultKind.WRONG_CHARSET: "iso-8859-1", FaultKind.BOGUS_CHARSET: "x-newsroom-9"}
_GARBAGE: Final = b"\x1f\x8b\x08\x00this is no gzip at all" * 20


class BodyCut(Exception):
    """Ends the body before its Content-Length; uvicorn drops the connection when this is raised."""


class FaultMiddleware:
    """The outermost ASGI application."""

    def __init__(self, site: ASGIApp, newsroom: Newsroom) -> None:
        self._site = site
        self._newsroom = newsroom

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, with its fault if there is one."""
        if scope["type"] != "http" or scope["path"].startswith("/-/"):
            await self._site(scope, receive, send)
            return
        self._newsroom.run_due_events()
        fault = self._newsroom.take_fault(scope["path"])
        scope["fault"] = fault

        async def logged(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._log(scope, message["status"])
                MutableHeaders(scope=message).append("server", "newsroom")
            await send(message)

        match fault:
            case FaultKind.STATUS_500:
                await Response("Internal Server Error", 500)(scope, receive, logged)
            case FaultKind.TOO_MANY_REQUESTS:
                await Response("Slow down", 429, {"retry-after": "1"})(scope, receive, logged)
            case FaultKind.REDIRECT_LOOP:
                await _redirect(scope)(scope, receive, logged)
            case FaultKind.GZIP_GARBAGE:
                headers = {"content-type": "text/html", "content-encoding": "gzip"}
                await Response(_GARBAGE, headers=headers)(scope, receive, logged)
            case FaultKind.CUT_BODY | FaultKind.SLOW_BODY:
                await self._send_badly(fault, scope, receive, logged)
            case FaultKind.WRONG_CHARSET | FaultKind.BOGUS_CHARSET:
                await self._site(scope, receive, _with_charset(_CHARSETS[fault], logged))
            case _:
                await self._site(scope, receive, logged)

    async def _send_badly(self, fault: FaultKind, scope: Scope, receive: Receive, send: Send) -> None:
        start, body = await _buffered(self._site, scope, receive)
        headers = MutableHeaders(scope=start)
        headers["content-length"] = str(len(body))
        await send(start)
        if fault is FaultKind.CUT_BODY:
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
            raise BodyCut(scope["path"])
        size = max(1, -(-len(body) // SLOW_PIECES))
        for at in range(0, len(body), size):
            await send({"type": "http.response.body", "body": body[at : at + size], "more_body": True})
            if await _client_disconnects(receive, self._newsroom.slow_pause):
                return
        await send({"type": "http.response.body", "body": b""})

    def _log(self, scope: Scope, status: int) -> None:
        headers = Headers(scope=scope)
        query = scope["query_string"].decode("latin-1")
        self._newsroom.requests.add(
            SeenRequest(
                method=scope["method"],
                path=f"{scope['path']}?{query}" if query else scope["path"],
                status=status,
                user_agent=headers.get("user-agent", ""),
                conditional="if-none-match" in headers or "if-modified-since" in headers,
            )
        )


async def _buffered(site: ASGIApp, scope: Scope, receive: Receive) -> tuple[dict[str, Any], bytes]:
    """Return the site's response: its start and its whole body."""
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    await site(scope, receive, keep)
    return dict(messages[0]), b"".join(message.get("body", b"") for message in messages[1:])


async def _client_disconnects(receive: Receive, pause: float) -> bool:
    """Wait for the pause; return True if the client disconnects before its end."""
    loop = asyncio.get_running_loop()
    end = loop.time() + pause
    while (rest := end - loop.time()) > 0:
        try:
            message = await asyncio.wait_for(receive(), rest)
        except TimeoutError:
            break
        if message["type"] == "http.disconnect":
            return True
    return False


def _redirect(scope: Scope) -> Response:
    following = {b"": "?again=1", b"again=1": "?again=2"}.get(scope["query_string"], "")
    return RedirectResponse(f"{scope['path']}{following}", 302)


def _with_charset(charset: str, send: Send) -> Send:
    async def changed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            if headers.get("content-type", "").startswith("text/"):
                headers["content-type"] = f"{headers['content-type'].partition(';')[0]}; charset={charset}"
        await send(message)

    return changed
