"""Answers to browsers: pages from templates, and headers that keep them from harm."""

from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from pressmark.web.common import formatting
from pressmark.web.common.isolated import isolate
from pressmark.web.reading_room.addresses import Links, Places

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
INERT = "sandbox; default-src 'none'; frame-ancestors 'none'"
"""For what is saved, and not looked at."""


def page_policy(places: Places) -> str:
    """Return the Content-Security-Policy of a page: its own styles and forms, the replay in a frame, nothing else."""
    return (
        f"default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-src {places.replay}; "
        "frame-ancestors 'none'; base-uri 'none'"
    )


def links_of(request: Request) -> Links:
    """Return the addresses below the path that this request came by."""
    return Links(request.scope.get("root_path", "").rstrip("/"))


def render(
    request: Request,
    places: Places,
    template: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **what: Any,
) -> HTMLResponse:
    """Answer with a page."""

    def here(**changes: Any) -> str:
        """Return the address of this page with another query; None takes a name out."""
        query = {name: value for name, value in {**request.query_params, **changes}.items() if value is not None}
        return f"?{urlencode(query)}"

    html = templates().get_template(template).render(to=links_of(request), places=places, here=here, **what)
    policy = {"Content-Security-Policy": page_policy(places), "Cache-Control": "no-cache"}
    return HTMLResponse(html, status, headers={**HEADERS, **policy, **(headers or {})})


@cache
def templates() -> Environment:
    """Return the templates, all compiled: no visitor waits for it. What they are given is escaped."""
    made = Environment(
        loader=PackageLoader("pressmark.web.reading_room"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {"words": formatting}
    isolate(made)
    for name in made.list_templates(extensions=["html"]):
        made.get_template(name)
    return made
