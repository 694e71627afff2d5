"""The reading room as a web application. It serves GET and HEAD only, never writes to the bucket and sets no cookie."""

from datetime import date
from typing import Annotated, Any, Literal

import attrs
from fastapi import APIRouter, FastAPI, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from pressmark.web.common.captured import captured_member, captured_page, stored_file
from pressmark.web.common.key_patterns import NotFound, site_of_package
from pressmark.web.common.rendering import Renderer
from pressmark.web.common.repository import Repository
from pressmark.web.common.responses import attachment, json_response, static_response, stored_response
from pressmark.web.common.version_diff import KINDS, compare
from pressmark.web.reading_room import error_pages
from pressmark.web.reading_room.addresses import Origins
from pressmark.web.reading_room.article import article_history, package_of, version_details
from pressmark.web.reading_room.citation import link_header
from pressmark.web.reading_room.rendering import HEADERS, INERT, PACKAGE, renderer
from pressmark.web.reading_room.search.limiter import SearchLimiter
from pressmark.web.reading_room.search.query import Filters, Finder
from pressmark.web.reading_room.search.refresh import Refresher
from pressmark.web.reading_room.trusted_hosts import guard

Number = Annotated[int, Query(ge=1, le=1_000_000)]
_DAY = "{year:int}/{month:int}/{day:int}"
_SAVED = {**HEADERS, "Content-Security-Policy": INERT}
_DOCUMENT = "{kind}/{site}/{year}/{month}/{day}/{article_id}/{name}"


def room_app(repository: Repository, refresher: Refresher, origins: Origins) -> FastAPI:
    """Return the application.

    Args:
        repository: the archive.
        refresher: keeps the catalogue fresh.
        origins: where browsers reach this application and the replays.
    """
    app = FastAPI(title="Pressmark reading room", docs_url=None, redoc_url=None, openapi_url=None)
    room = Room(repository, refresher, origins)
    app.include_router(room.router())
    error_pages.add_to(app, room.renderer)
    guard(app, origins.room)
    return app


@attrs.frozen
class Room:
    """The pages. Each method serves one route, in a thread, since most of them wait for the bucket."""

    repository: Repository
    refresher: Refresher
    origins: Origins
    turns: SearchLimiter = attrs.field(factory=SearchLimiter)
    renderer: Renderer = attrs.field(
        init=False, default=attrs.Factory(lambda self: renderer(self.origins), takes_self=True)
    )

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter()
        for path, answer in (
            ("/", self.home),
            ("/favicon.ico", lambda: Response(status_code=204)),
            ("/search", self.search),
            ("/compare", self.compare),
            ("/static/{name}", self.static),
            ("/articles/{site}/", self.site),
            ("/articles/{site}/{year:int}/{month:int}/", self.month),
            (f"/articles/{{site}}/{_DAY}/", self.day),
            (f"/articles/{{site}}/{_DAY}/{{article_id}}/", self.article),
            (f"/replay/{_DOCUMENT}", self.replay),
            (f"/record/{_DOCUMENT}", self.record),
            ("/warc/{rest:path}", self.segment),
            ("/wacz/{rest:path}", self.package),
            (f"/{_DOCUMENT}", self.document),
        ):
            router.add_api_route(path, answer, methods=["GET", "HEAD"], response_model=None)
        return router

    @property
    def finder(self) -> Finder:
        """Queries the catalogue."""
        return Finder(self.refresher.catalogue)

    def home(self, request: Request) -> HTMLResponse:
        """The first page: all sites, and the articles updated last."""
        newest = self.finder.newest(Filters())
        return self._render(request, "home.html", sites=self.finder.sites(), results=newest)

    async def search(
        self,
        request: Request,
        q: str = "",
        site: str = "",
        section: str = "",
        first: str = "",
        last: str = "",
        page: Number = 1,
    ) -> HTMLResponse:
        """Articles with all words of the query."""
        filters = Filters(site=site, section=section, first=_day(first), last=_day(last))
        return await self.turns.run(_client(request), self._results, request, q, filters, page)

    def _results(self, request: Request, query: str, filters: Filters, page: int) -> HTMLResponse:
        results = self.finder.search(query, filters, page)
        sites = [each.site for each in self.finder.sites()]
        sections = self.finder.sections(filters.site) if filters.site else []
        return self._render(
            request, "search.html", query=query, filters=filters, results=results, sites=sites, sections=sections
        )

    def site(self, request: Request, site: str, section: str = "", page: Number = 1) -> HTMLResponse:
        """A site's articles, newest first, with its months and sections."""
        finder = self.finder
        months, sections = finder.months(site), finder.sections(site)
        if not months and site not in self.repository.sites():
            raise NotFound(site)
        results = finder.newest(Filters(site=site, section=section), page)
        return self._render(
            request, "site.html", site=site, section=section, months=months, sections=sections, results=results
        )

    def month(self, request: Request, site: str, year: int, month: int) -> HTMLResponse:
        """The days of a month."""
        _date(year, month, 1)
        name = f"{year:04}-{month:02}"
        days = [(date.fromisoformat(day), count) for day, count in self.finder.days(site, name)]
        if not days:
            raise NotFound(f"{site}: no article of {name}")
        return self._render(request, "month.html", site=site, month=name, days=days)

    def day(
        self, request: Request, site: str, year: int, month: int, day: int, section: str = "", page: Number = 1
    ) -> HTMLResponse:
        """A day's articles."""
        of_day = _date(year, month, day)
        results = self.finder.newest(Filters(site=site, section=section, first=of_day, last=of_day), page)
        if not results.total and not section:
            raise NotFound(f"{site}: no article of {of_day}")
        return self._render(request, "day.html", site=site, day=of_day, section=section, results=results)

    def article(self, request: Request, site: str, year: int, month: int, day: int, article_id: str) -> HTMLResponse:
        """An article with all versions, and the text of the newest."""
        history = article_history(self.repository, site, _date(year, month, day), article_id)
        return self._render(request, "article.html", history=history)

    def document(
        self, request: Request, kind: str, site: str, year: str, month: str, day: str, article_id: str, name: str
    ) -> Response:
        """A version with its provenance; with `.json` at the end, the document itself."""
        key = f"{kind}/{site}/{year}/{month}/{day}/{article_id}/{name.removesuffix('.json')}.json"
        if name.endswith(".json"):
            return json_response(self.repository.document(key).data, _SAVED, "application/ld+json")
        if kind not in KINDS:
            to = f"{request.scope.get('root_path', '')}/articles/{site}/{year}/{month}/{day}/{article_id}/"
            return RedirectResponse(to, headers=HEADERS)
        details = version_details(self.repository, self.origins, key)
        links = {"Link": link_header(self.origins, details.citation, details.document)}
        return self._render(request, "version.html", headers=links, details=details)

    async def compare(
        self, request: Request, earlier: str, later: str, view: Literal["inline", "side"] = "inline"
    ) -> HTMLResponse:
        """The differences between two versions."""
        changes = await self.turns.run(_client(request), compare, self.repository, earlier, later)
        return self._render(request, "compare.html", changes=changes, view=view)

    def replay(
        self,
        request: Request,
        kind: str,
        site: str,
        year: str,
        month: str,
        day: str,
        article_id: str,
        name: str,
        page: Number = 1,
        view: Literal["page", "alone"] = "page",
    ) -> HTMLResponse:
        """A captured page in a frame of another origin. With `alone`, the frame fills the window."""
        key = f"{kind}/{site}/{year}/{month}/{day}/{article_id}/{name}.json"
        captured = captured_page(self.repository, key, page)
        package = package_of(captured.document, page)
        try:
            packaged = bool(stored_file(self.repository, package))
        except NotFound:
            packaged = False
        template = "alone.html" if packaged and view == "alone" else "replay.html"
        return self._render(request, template, captured=captured, package=package if packaged else "")

    def record(
        self, kind: str, site: str, year: str, month: str, day: str, article_id: str, name: str, page: Number = 1
    ) -> Response:
        """The response record of a page, as a WARC file."""
        key = f"{kind}/{site}/{year}/{month}/{day}/{article_id}/{name}.json"
        return Response(
            captured_member(self.repository, key, page),
            media_type="application/warc",
            headers={**_SAVED, **attachment(f"{article_id}_{name}_{page}.warc.gz")},
        )

    def segment(self, request: Request, rest: str) -> Response:
        """A segment or its index."""
        return stored_response(request, self.repository, f"warc/{rest}", _SAVED)

    def package(self, request: Request, rest: str) -> Response:
        """A package."""
        key = f"wacz/{rest}"
        site_of_package(key)
        return stored_response(request, self.repository, key, _SAVED)

    def static(self, name: str) -> Response:
        """The style sheet."""
        types = {"room.css": "text/css; charset=utf-8"}
        return static_response(PACKAGE, name, types, {**HEADERS, "Cache-Control": "max-age=300"})

    def _render(self, request: Request, template: str, **what: Any) -> HTMLResponse:
        now = self.repository.clock()
        return self.renderer.page(request, template, now=now, state=self.refresher.state, **what)


def _client(request: Request) -> str:
    """Return the network address of the client."""
    return request.client.host if request.client else ""


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise HTTPException(400, f"{text!r} is no date such as 2026-11-25") from None


def _date(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except (ValueError, OverflowError):
        raise NotFound("an invalid date") from None
