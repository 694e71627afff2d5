"""Answers to browsers: pages from templates, and headers that keep them from harm."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from pressmark.airflow.console import outcome_labels
from pressmark.airflow.console.addresses import Links
from pressmark.web.common import formatting
from pressmark.web.common.isolated import isolate

PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; frame-src 'self'; "
    "frame-ancestors 'self'; form-action 'self'; base-uri 'none'"
)
CAPTURE_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
"""An origin of its own, no script, no request to anywhere; what the page brings along of its looks may stay."""
HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}


def links_of(request: Request) -> Links:
    """Return the addresses below the path that this request came by."""
    return Links(request.scope.get("root_path", "").rstrip("/"))


def render(request: Request, template: str, now: datetime, *, status: int = 200, **what: Any) -> HTMLResponse:
    """Answer with a page."""

    def here(**changes: Any) -> str:
        """Return the address of this page with another query; None takes a name out."""
        query = {name: value for name, value in {**request.query_params, **changes}.items() if value is not None}
        return f"?{urlencode(query)}"

    html = _templates().get_template(template).render(to=links_of(request), here=here, now=now, **what)
    return HTMLResponse(html, status, headers=_page_headers())


def _page_headers() -> Mapping[str, str]:
    return {**HEADERS, "Content-Security-Policy": PAGE_POLICY}


@cache
def _templates() -> Environment:
    made = Environment(
        loader=PackageLoader("pressmark.airflow.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {"words": formatting, "outcomes": outcome_labels}
    isolate(made)
    return made
