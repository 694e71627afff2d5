"""The stage: an origin of its own, in which ReplayWeb.page runs captured pages with their scripts.

Whatever a page does, it does to this origin alone: there is nothing here but packages that anybody who reads may read.
The reading room, on another port or name, shows it in a frame that can't lead the whole window away.
"""

import json
import logging
import re
from functools import cache
from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter, FastAPI, HTTPException, Query, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, PlainTextResponse, StreamingResponse
from jinja2 import Environment

from pressmark.errors import BucketError
from pressmark.web.common.captured import chunks, stored_file
from pressmark.web.common.key_patterns import NotFound, site_of_package
from pressmark.web.common.rendering import templates
from pressmark.web.common.repository import Repository
from pressmark.web.common.responses import HEADERS
from pressmark.web.reading_room.addresses import Origins
from pressmark.web.reading_room.rendering import PACKAGE
from pressmark.web.reading_room.trusted_hosts import guard

logger = logging.getLogger("pressmark.reading_room")
PLAYER = ("ui.js", "sw.js")
"""What ReplayWeb.page is made of."""
_SOURCES = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' blob: data:; object-src 'none'; form-action 'self'; "
    "webrtc 'block'"  # No browser heeds it yet.
)
_POLICY = f"{_SOURCES}; base-uri 'none'"
_SANDBOX = "sandbox allow-scripts allow-same-origin allow-forms"
"""It holds for what it shows, too: no captured page leads the window away, or opens another."""
_CAPTURED = f"{_SOURCES}; base-uri 'self'; {_SANDBOX}"
"""Of all that ReplayWeb.page's worker answers: captured pages, and the player's documents around them."""
_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})", re.ASCII)


def replay_app(repository: Repository, origins: Origins, player: Path) -> FastAPI:
    """Return the application.

    Args:
        repository: the archive.
        origins: where browsers reach the reading room, which alone may show this in a frame.
        player: the folder of ReplayWeb.page's `ui.js` and `sw.js`.
    """
    app = FastAPI(title="Pressmark replay", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.include_router(_ReplayOrigin(repository, origins, player, templates(PACKAGE)).router())
    guard(app, origins.replay)
    app.add_exception_handler(NotFound, lambda _, error: PlainTextResponse(f"Not there: {error}", 404))
    app.add_exception_handler(BucketError, _unavailable)
    return app


def _unavailable(request: Request, error: Exception) -> Response:
    logger.warning("%s: %s", request.url.path, error)  # Names and addresses are none of a reader's business.
    return PlainTextResponse("The archive's storage does not answer. Try again later.", 503)


class _ReplayOrigin:
    def __init__(self, repository: Repository, origins: Origins, player: Path, pages: Environment) -> None:
        self._repository = repository
        self._origins = origins
        self._player = player
        self._pages = pages

    def router(self) -> APIRouter:
        router = APIRouter()
        router.add_api_route("/show/{site}/{day}", self.show, methods=["GET", "HEAD"], response_model=None)
        router.add_api_route("/show/{site}/replay/", self.wait, methods=["GET", "HEAD"], response_model=None)
        for path, answer in (("sw.js", self.worker), ("replayweb.js", self.replayweb)):
            router.add_api_route(f"/show/{{site}}/replay/{path}", answer, methods=["GET", "HEAD"], response_model=None)
        for path in ("/ui.js", "/show/{site}/replay/ui.js"):
            router.add_api_route(path, self.player, methods=["GET", "HEAD"], response_model=None)
        router.add_api_route(
            "/favicon.ico", lambda: Response(status_code=204), methods=["GET", "HEAD"], response_model=None
        )
        router.add_api_route(
            "/wacz/{tag}/{site}/{day}.wacz", self.package, methods=["GET", "HEAD"], response_model=None
        )
        return router

    def show(self, request: Request, site: str, day: str, url: str, ts: str = Query(pattern=r"^\d{14}$")) -> Response:
        """ReplayWeb.page, at a page of a day's package; in a frame alone, for a captured page could lead a window away.

        It keeps what it has read of a package by its address, so one that was replaced has another.
        """
        if request.headers.get("sec-fetch-dest") == "document":
            return PlainTextResponse(f"Captured pages are shown by the reading room alone: {self._origins.room}/", 403)
        package = f"/wacz/{stored_file(self._repository, f'wacz/{site}/{day}.wacz').tag}/{site}/{day}.wacz"
        return self._page(self._pages.get_template("player.html").render(package=package, url=url, ts=ts, day=day))

    def wait(self, site: str) -> HTMLResponse:
        """Wait for the service worker, which answers this address with its own page once it is at work."""
        site_of_package(f"wacz/{site}/2000-01-01.wacz")
        return self._page(self._pages.get_template("waiting.html").render())

    def _page(self, html: str) -> HTMLResponse:
        policy = f"{_POLICY}; {_SANDBOX}; frame-ancestors 'self' {self._origins.room}"
        return HTMLResponse(html, headers={**HEADERS, "Content-Security-Policy": policy, "Cache-Control": "no-cache"})

    def player(self, request: Request) -> Response:
        """ReplayWeb.page itself."""
        if _as_worker(request):
            return _no_worker()
        return FileResponse(self._player / "ui.js", headers={**HEADERS, "Cache-Control": "max-age=3600"})

    def worker(self) -> Response:
        """Our own worker, which contains that of ReplayWeb.page."""
        return self._script(_contained())

    def replayweb(self, request: Request) -> Response:
        """ReplayWeb.page's worker, unchanged: for ours to take in, and not to be one by itself."""
        if _as_worker(request):
            return _no_worker()
        return self._script((self._player / "sw.js").read_bytes())

    def _script(self, script: bytes) -> Response:
        """Answer with a worker's script: it obeys the policy that comes with it, and not that of the page."""
        headers = {**HEADERS, "Cache-Control": "no-cache", "Content-Security-Policy": _POLICY}
        return Response(script, media_type="text/javascript; charset=utf-8", headers=headers)

    def package(self, request: Request, tag: str, site: str, day: str) -> Response:
        """A package or a part of it: ReplayWeb.page reads only what it needs."""
        found = stored_file(self._repository, f"wacz/{site}/{day}.wacz")
        if found.tag != tag:
            raise NotFound(f"{found.key} as it was: it was made anew. Open the replay once more.")
        size = found.size
        part = _wanted(request.headers.get("range", ""), size)
        first, last = part or (0, size - 1)
        headers = {**HEADERS, "Accept-Ranges": "bytes", "Content-Length": str(last - first + 1)}
        if part:
            headers["Content-Range"] = f"bytes {first}-{last}/{size}"
        wanted = range(0) if request.method == "HEAD" else range(first, last + 1)
        data = chunks(self._repository, found, wanted.start, wanted.stop)
        return StreamingResponse(data, 206 if part else 200, media_type="application/wacz", headers=headers)


def _as_worker(request: Request) -> bool:
    """Tell whether a script is to become a service worker; for what one takes in, browsers do not say so."""
    return "service-worker" in request.headers


def _no_worker() -> Response:
    """A captured page could else put a worker that does not contain it in the place of ours."""
    return PlainTextResponse("This script becomes no service worker by itself.", 403)


@cache
def _contained() -> bytes:
    script = (files(PACKAGE) / "static" / "worker.js").read_text("utf-8")
    return script.replace("POLICY;", f"{json.dumps(_CAPTURED)};", 1).encode()


def _wanted(asked: str, size: int) -> tuple[int, int] | None:
    """Return the first and last byte that a Range header asks for; None if it asks for what is no single range.

    All of a file is a part of it, too: ReplayWeb.page takes a 200 for a server that knows no ranges.

    Raises:
        HTTPException: 416, there is no such part.
    """
    found = _RANGE.fullmatch(asked)
    if not found or not any(found.groups()):
        return None
    if not found[1]:
        first, last = max(0, size - int(found[2])), size - 1
    else:
        first, last = int(found[1]), min(size - 1, int(found[2] or size - 1))
    if first > last:
        raise HTTPException(416, headers={"Content-Range": f"bytes */{size}"})
    return first, last
