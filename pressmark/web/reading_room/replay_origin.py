"""The replay origin: a separate origin where ReplayWeb.page runs captured pages with their scripts.

A page can only harm this origin. It serves nothing but packages, which every reader may read. The reading room, on
another port or name, shows it in a frame that can't navigate the whole window.
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
_SOURCES = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' blob: data:; object-src 'none'; form-action 'self'; "
    "webrtc 'block'"  # No browser supports it yet.
)
_POLICY = f"{_SOURCES}; base-uri 'none'"
_SANDBOX = "sandbox allow-scripts allow-same-origin allow-forms"
"""It also holds for the pages inside: no captured page navigates the window or opens another."""
_CAPTURED = f"{_SOURCES}; base-uri 'self'; {_SANDBOX}"
"""For all responses of ReplayWeb.page's worker: captured pages, and the player's documents around them."""
_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})", re.ASCII)


def replay_app(repository: Repository, origins: Origins, player: Path) -> FastAPI:
    """Return the application.

    Args:
        repository: the archive.
        origins: of the reading room, which alone may show this in a frame, and of the replays.
        player: the folder of ReplayWeb.page's `ui.js` and `sw.js`.
    """
    app = FastAPI(title="Pressmark replay", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.include_router(_ReplayOrigin(repository, origins, player, templates(PACKAGE)).router())
    guard(app, origins.replay)
    app.add_exception_handler(NotFound, lambda _, error: PlainTextResponse(f"Not found: {error}", 404))
    app.add_exception_handler(BucketError, _unavailable)
    return app


def _unavailable(request: Request, error: Exception) -> Response:
    logger.warning("%s: %s", request.url.path, error)  # Readers need no bucket names and addresses.
    return PlainTextResponse("The archive's storage does not respond. Try again later.", 503)


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
        """ReplayWeb.page with a page of a day's package. Frames only: a captured page could navigate a window.

        It caches packages by their address, so a replaced package gets another address.
        """
        if request.headers.get("sec-fetch-dest") == "document":
            return PlainTextResponse(f"Captured pages are shown by the reading room alone: {self._origins.room}/", 403)
        package = f"/wacz/{stored_file(self._repository, f'wacz/{site}/{day}.wacz').tag}/{site}/{day}.wacz"
        return self._page(self._pages.get_template("player.html").render(package=package, url=url, ts=ts, day=day))

    def wait(self, site: str) -> HTMLResponse:
        """Wait for the service worker, which serves its own page at this address once it runs."""
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
        """Our service worker, which wraps that of ReplayWeb.page."""
        return self._script(_wrapped_worker())

    def replayweb(self, request: Request) -> Response:
        """ReplayWeb.page's worker, unchanged. Ours imports it; browsers may not register it by itself."""
        if _as_worker(request):
            return _no_worker()
        return self._script((self._player / "sw.js").read_bytes())

    def _script(self, script: bytes) -> Response:
        """Return a worker's script. Its own policy holds for it, not that of the page."""
        headers = {**HEADERS, "Cache-Control": "no-cache", "Content-Security-Policy": _POLICY}
        return Response(script, media_type="text/javascript; charset=utf-8", headers=headers)

    def package(self, request: Request, tag: str, site: str, day: str) -> Response:
        """A package or a range of it: ReplayWeb.page reads only what it needs."""
        found = stored_file(self._repository, f"wacz/{site}/{day}.wacz")
        if found.tag != tag:
            raise NotFound(f"{found.key} was replaced. Open the replay again.")
        size = found.size
        part = _range(request.headers.get("range", ""), size)
        first, last = part or (0, size - 1)
        headers = {**HEADERS, "Accept-Ranges": "bytes", "Content-Length": str(last - first + 1)}
        if part:
            headers["Content-Range"] = f"bytes {first}-{last}/{size}"
        wanted = range(0) if request.method == "HEAD" else range(first, last + 1)
        data = chunks(self._repository, found, wanted.start, wanted.stop)
        return StreamingResponse(data, 206 if part else 200, media_type="application/wacz", headers=headers)


def _as_worker(request: Request) -> bool:
    """Return whether the browser registers a script as a service worker. Imports of a worker lack the header."""
    return "service-worker" in request.headers


def _no_worker() -> Response:
    """Refuse, or a captured page could register a worker without our wrapper in place of ours."""
    return PlainTextResponse("This script can't be registered as a service worker.", 403)


@cache
def _wrapped_worker() -> bytes:
    script = (files(PACKAGE) / "static" / "worker.js").read_text("utf-8")
    return script.replace("POLICY;", f"{json.dumps(_CAPTURED)};", 1).encode()


def _range(asked: str, size: int) -> tuple[int, int] | None:
    """Return the first and last byte of a Range header; None if it is not a single range.

    A range of the whole file counts too: ReplayWeb.page takes a 200 for a server without ranges.

    Raises:
        HTTPException: 416, there is no such range.
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
