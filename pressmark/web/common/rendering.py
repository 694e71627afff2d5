"""Pages from templates, with headers that protect their readers. Console and reading room share the page shell.

Elements isolate the direction of text from outside (`unicode-bidi: isolate`, `<bdi>`). Characters that no page may hold
are removed here.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import urlencode

import attrs
from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pressmark.text import cleaned, short, shown
from pressmark.web.common import formatting
from pressmark.web.common.addresses import Links


@attrs.frozen(kw_only=True)
class Renderer:
    """Renders the pages of one application."""

    package: str
    """Python package with its `templates` folder."""
    links: type[Links]
    headers: Mapping[str, str]
    """Of every page, its Content-Security-Policy included."""
    context: Mapping[str, Any] = attrs.field(factory=dict)
    """Variables of every template."""

    def page(
        self,
        request: Request,
        template: str,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **variables: Any,
    ) -> HTMLResponse:
        """Return a page."""

        def here(**changes: Any) -> str:
            """Return the address of this page with another query; None removes a parameter."""
            query = {name: value for name, value in {**request.query_params, **changes}.items() if value is not None}
            return f"?{urlencode(query)}"

        context = {**self.context, **variables, "to": self.links.of(request.scope), "here": here}
        html = templates(self.package).get_template(template).render(context)
        return HTMLResponse(html, status, headers={**self.headers, **(headers or {})})


@cache
def templates(package: str) -> Environment:
    """Return an application's templates, compiled before the first visitor needs them. Variables are escaped.

    The filter `window_title` is for window titles, where nothing can be isolated; `short` is for lists.
    """
    made = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader("pressmark.web.common")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_printable,
    )
    made.globals |= {"formatting": formatting}
    made.filters |= {"short": short, "window_title": lambda text: shown(short(text))}
    for name in made.list_templates(extensions=["html"]):
        made.get_template(name)
    return made


def _printable(value: Any) -> Any:
    """Remove control characters and lone surrogates, which documents of older releases may hold."""
    if not isinstance(value, str):
        return value
    return Markup(cleaned(value)) if isinstance(value, Markup) else cleaned(value)  # noqa: S704 - it was safe before
