"""Applications that respond to their own host names only."""

from urllib.parse import urlsplit

import attrs
from fastapi import FastAPI, Request
from starlette.datastructures import Headers
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_HERE = ("127.0.0.1", "localhost", "[::1]")


def guard(app: FastAPI, origin: str) -> None:
    """Let an application respond to the host of its origin and to this machine's names only.

    Otherwise a foreign page could point its own name here (DNS rebinding) and read what its visitor may read.
    """
    hosts = {*_HERE, urlsplit(origin).hostname or _HERE[0]}
    app.add_middleware(_OwnName, origin=origin)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=sorted(hosts), www_redirect=False)


@attrs.frozen
class _OwnName:
    """Redirects windows from other names of this machine to the name that frames and cookies use."""

    app: ASGIApp
    origin: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        own = urlsplit(self.origin)
        if scope["type"] == "http" and (own.hostname or "").endswith(".localhost"):
            headers = Headers(scope=scope)
            host = headers.get("host", "").partition(":")[0].lower()  # Ports differ behind a proxy, and by default.
            if headers.get("sec-fetch-dest") == "document" and host != own.hostname:
                url = Request(scope).url
                to = f"{self.origin}{url.path}{'?' if url.query else ''}{url.query}"
                await RedirectResponse(to)(scope, receive, send)
                return
        await self.app(scope, receive, send)
