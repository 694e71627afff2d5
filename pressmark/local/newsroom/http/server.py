"""The site over HTTP: routes and responses."""

import re
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from pressmark.local.newsroom.content.article_generator import picture_path
from pressmark.local.newsroom.content.pictures import ICONS, WIDTHS, icon, photograph
from pressmark.local.newsroom.content.section import article_path
from pressmark.local.newsroom.faults import FaultKind
from pressmark.local.newsroom.http.control import control_routes
from pressmark.local.newsroom.http.fault_middleware import FaultMiddleware
from pressmark.local.newsroom.http.pages import Pages, mangled
from pressmark.local.newsroom.http.responses import article_answer, file_answer, html_answer
from pressmark.local.newsroom.newsroom import Newsroom

_STATIC_SINCE: Final = datetime(2022, 1, 1, tzinfo=UTC)
_TYPES: Final = {"css": "text/css", "js": "application/javascript", "png": "image/png", "ico": "image/x-icon"}
_ARTICLE: Final = re.compile(r"(WS[0-9a-f]{24})(?:_(\d{1,3}))?(\.html)?")
_PICTURE: Final = re.compile(r"([0-9a-f]{8})([0-9a-f]{8})([0-9a-f]{8})(_s|_l)?\.jpeg")
_LISTING: Final = re.compile(r"page_(\d{1,6})\.html")
_HOST: Final = re.compile(r"[A-Za-z0-9.-]+(:\d+)?|\[[0-9a-fA-F:]+\](:\d+)?")
_NO_CHARSET_EVERY: Final = 3
"""Articles with `index % 3 == 1` are served as `text/html` without a charset."""


class Site:
    """One method per kind of path."""

    def __init__(self, newsroom: Newsroom) -> None:
        self.newsroom = newsroom
        self.pages = Pages(newsroom)

    def routes(self) -> list[Route]:
        """Return the site's routes."""
        return [
            Route("/", self.home),
            Route("/robots.txt", self.robots),
            Route("/favicon.ico", self.icon),
            Route("/icons/{name}", self.icon),
            Route("/css/{name}", self.static),
            Route("/js/{name}", self.static),
            Route("/world/{section}", self.listing),
            Route("/world/{section}/", self.listing),
            Route("/world/{section}/{name}", self.listing),
            Route("/a/{month}/{day}/{name}", self.article),
            Route("/images/{month}/{day}/{name}", self.picture),
            Route("/features/{name}/", self.feature),
            Route("/video/{name}", self.feature),
        ]

    async def home(self, request: Request) -> Response:
        """The home page."""
        return html_answer(request, self.pages.home(_host(request)))

    async def robots(self, request: Request) -> Response:
        """What crawlers may do."""
        delay = f"{self.newsroom.crawl_delay:g}"
        return PlainTextResponse(f"User-agent: *\nCrawl-delay: {delay}\nDisallow: /-/\nDisallow: /search\n")

    async def listing(self, request: Request) -> Response:
        """A page of a section's listing."""
        name = request.path_params.get("name")
        found = _LISTING.fullmatch(name) if name else None
        if name and not found:
            raise HTTPException(404)
        page, fault = int(found[1]) if found else 1, request.scope["fault"]
        section = f"world/{request.path_params['section']}"
        try:
            html = self.pages.listing(section, page, _host(request), empty=fault is FaultKind.EMPTY_LISTING)
        except LookupError as error:
            raise HTTPException(404, str(error)) from error
        return html_answer(request, mangled(html) if fault is FaultKind.MANGLED else html)

    async def article(self, request: Request) -> Response:
        """A page of an article; a path without `.html`, as in old links, redirects to it."""
        found = _ARTICLE.fullmatch(request.path_params["name"])
        if not found:
            raise HTTPException(404)
        article_id, page, fault = found[1], int(found[2] or 1), request.scope["fault"]
        try:
            gone = self.newsroom.withdrawn(article_id)
            path = article_path(article_id, page)
            if request.scope["path"] not in (path, path.removesuffix(".html")):
                raise HTTPException(404)
            if gone:
                raise HTTPException(gone, "This article is no longer available.")
            story, html = self.pages.article(article_id, page, _host(request), fault)
        except LookupError as error:
            raise HTTPException(404, str(error)) from error
        if not found[3]:
            return RedirectResponse(f"//{_host(request)}{path}", 301)
        if fault is FaultKind.MANGLED:
            html = mangled(html)
        charset = story.index % _NO_CHARSET_EVERY != 1
        return article_answer(request, html, story.modified_at, charset=charset)

    async def picture(self, request: Request) -> Response:
        """A picture of an article, in one of its sizes."""
        found = _PICTURE.fullmatch(request.path_params["name"])
        if not found:
            raise HTTPException(404)
        created, section, number = (int(part, 16) for part in found.groups()[:3])
        article_id = f"WS{created:08x}{section ^ 0xFFFFFFFF:08x}{number // 16:08x}"
        size = found[4] or ""
        path = picture_path(article_id, number % 16)
        if request.scope["path"] != path.replace(".jpeg", f"{size}.jpeg"):
            raise HTTPException(404)
        try:
            self.newsroom.resolve(article_id)
        except LookupError as error:
            raise HTTPException(404) from error
        modified = datetime.fromtimestamp(created, tz=UTC)
        return file_answer(request, photograph(path, WIDTHS[size]), "image/jpeg", modified)

    async def static(self, request: Request) -> Response:
        """A stylesheet or script."""
        folder, name = request.scope["path"].split("/")[1:3]
        body = _static_files().get(name)
        if body is None or not name.endswith(f".{folder}"):
            raise HTTPException(404)
        return file_answer(request, body, _TYPES[folder], _STATIC_SINCE)

    async def icon(self, request: Request) -> Response:
        """An icon, the logo, or an image of a stylesheet."""
        name = request.scope["path"].rpartition("/")[2]
        if name not in ICONS:
            raise HTTPException(404)
        return file_answer(request, icon(name), _TYPES[name.rpartition(".")[2]], _STATIC_SINCE)

    async def feature(self, request: Request) -> Response:
        """A page that listings or articles link to and that is no article."""
        html = self.pages.plain("The season in figures & pictures", "A page of its own kind.", _host(request))
        return html_answer(request, html)

    async def error(self, request: Request, error: Exception) -> Response:
        """A small page that says what is wrong."""
        assert isinstance(error, HTTPException)
        html = self.pages.plain(f"{error.status_code}", error.detail, _host(request, lenient=True))
        return html_answer(request, html, status=error.status_code)


def site(newsroom: Newsroom) -> ASGIApp:
    """Return the ASGI application: the site, its control interface under `/-/`, and the faults."""
    pages = Site(newsroom)
    application = Starlette(
        routes=[*control_routes(newsroom), *pages.routes()], exception_handlers={HTTPException: pages.error}
    )
    application.router.redirect_slashes = False
    return FaultMiddleware(application, newsroom)


def _host(request: Request, *, lenient: bool = False) -> str:
    """Return the Host header, for all links of the page."""
    host = request.headers.get("host", "")
    if _HOST.fullmatch(host):
        return host
    if lenient:
        return "localhost"
    raise HTTPException(400, "The Host header is no host.")


@cache
def _static_files() -> dict[str, bytes]:
    folder = files("pressmark.local.newsroom") / "static"
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}
