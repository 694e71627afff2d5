"""The console as a web application. Airflow mounts it; a guard protects every route."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import HTMLResponse

from pressmark.airflow.console import error_pages
from pressmark.airflow.console.addresses import Links
from pressmark.airflow.console.rendering import CAPTURE_POLICY, HEADERS, PACKAGE, RENDERER
from pressmark.airflow.console.views.dag_run import dag_run
from pressmark.airflow.console.views.overview import overview
from pressmark.airflow.console.views.run import run_page
from pressmark.airflow.console.views.section import section_page
from pressmark.web.common.captured import captured_page
from pressmark.web.common.repository import Repository
from pressmark.web.common.responses import json_response, static_response, stored_response
from pressmark.web.common.version_diff import compare_with_previous

STATIC = {"console.css": "text/css; charset=utf-8", "console.js": "text/javascript; charset=utf-8"}


def console_app(open_repository: Callable[[], Repository], guard: Callable[..., Any]) -> FastAPI:
    """Return the application.

    Args:
        open_repository: called at the first request, and again at the next one if it raises.
        guard: a dependency of every route; it raises HTTPException for users without access.
    """
    app = FastAPI(title="Pressmark archive", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(Console(open_repository).router(), dependencies=[Depends(guard)])
    error_pages.add_to(app)
    return app


class Console:
    """The pages. Each method serves one route, in a thread, since all of them wait for the bucket."""

    def __init__(self, open_repository: Callable[[], Repository]) -> None:
        self._open = open_repository
        self._repository: Repository | None = None

    @property
    def repository(self) -> Repository:
        """The archive that the pages show."""
        if self._repository is None:
            self._repository = self._open()
        return self._repository

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter()
        for path, answer in (
            ("/", self.overview),
            ("/sections/{site}/{section:path}", self.section),
            ("/run", self.dag_run),
            ("/runs/{rest:path}", self.run),
            ("/diff", self.changes),
            ("/page", self.page),
            ("/document", self.document),
            ("/capture", self.capture),
            ("/segment", self.segment),
            ("/static/{name}", self.static),
        ):
            router.add_api_route(path, answer, methods=["GET", "HEAD"], response_model=None)
        return router

    def overview(self, request: Request) -> HTMLResponse:
        """All sections."""
        view = overview(self.repository, Links.of(request.scope))
        return self._render(request, "overview.html", view=view)

    def section(self, request: Request, site: str, section: str, page: int = 1) -> HTMLResponse:
        """One section."""
        view = section_page(self.repository, Links.of(request.scope), site, section, page)
        return self._render(request, "section.html", view=view)

    def dag_run(self, request: Request, dag_id: str, run_id: str, outcome: str = "", page: int = 1) -> HTMLResponse:
        """The crawls of a DAG run, the newest in full."""
        run = dag_run(self.repository, dag_id, run_id)
        newest = run_page(self.repository, run.crawls[0], outcome, page) if run.crawls else None
        return self._render(request, "dag_run.html", dag_run=run, view=newest)

    def run(self, request: Request, rest: str, outcome: str = "", page: int = 1) -> HTMLResponse:
        """One run."""
        return self._render(request, "run.html", view=run_page(self.repository, f"runs/{rest}", outcome, page))

    def changes(self, request: Request, key: str) -> HTMLResponse:
        """What a version changed."""
        return self._render(request, "changes.html", view=compare_with_previous(self.repository, key))

    def page(self, request: Request, key: str, page: int = 1) -> HTMLResponse:
        """A captured page in a frame, with facts about its capture."""
        return self._render(request, "page.html", view=captured_page(self.repository, key, page))

    def document(self, key: str) -> Response:
        """The JSON of a document or manifest, indented."""
        runs = key.startswith("runs/")
        data = self.repository.manifest(key).to_json() if runs else self.repository.document(key).data
        return json_response(data, {**HEADERS, "Content-Security-Policy": "sandbox"})

    def capture(self, key: str, page: int = 1) -> Response:
        """A captured body."""
        found = captured_page(self.repository, key, page)
        disposition = "inline" if found.shown else "attachment"
        headers = {
            **HEADERS,
            "Content-Security-Policy": CAPTURE_POLICY,
            "Content-Type": found.content_type,
            "Content-Disposition": f'{disposition}; filename="{found.name}"',
        }
        return Response(found.response.body, headers=headers)

    def segment(self, request: Request, key: str) -> Response:
        """A segment or its index, to save."""
        return stored_response(request, self.repository, key, HEADERS)

    def static(self, name: str) -> Response:
        """The style sheet and the script."""
        return static_response(PACKAGE, name, STATIC, {**HEADERS, "Cache-Control": "private, max-age=300"})

    def _render(self, request: Request, template: str, **what: Any) -> HTMLResponse:
        return RENDERER.page(request, template, now=self.repository.clock(), **what)
