"""Error pages: what went wrong and what to do, never a stack trace."""

from collections.abc import Callable, Mapping
from typing import Any

import attrs
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from pressmark.errors import FindingsFound


@attrs.frozen(kw_only=True)
class ErrorPage:
    """Content of an error page."""

    status: int
    title: str
    message: str
    advice: str = ""
    headers: Mapping[str, str] = attrs.field(factory=dict)


Explain = Callable[[Request, Any], ErrorPage]
"""Takes the exception that was raised."""


def add_error_pages(
    app: FastAPI, show: Callable[[Request, ErrorPage], Response], explain: Mapping[type[Exception], Explain]
) -> None:
    """Answer exceptions with pages.

    Args:
        app: the application.
        show: renders a page.
        explain: by class of exception; the most specific one is used.
    """

    def handler(explained: Explain) -> Callable[[Request, Exception], Response]:
        return lambda request, error: show(request, explained(request, error))

    explanations: dict[type[Exception], Explain] = {FindingsFound: _unreadable, **explain}
    for kind, explained in explanations.items():
        app.add_exception_handler(kind, handler(explained))


def http_error(
    error: HTTPException, texts: Mapping[int, tuple[str, str]], otherwise: tuple[str, str] = ("Refused", "")
) -> ErrorPage:
    """Return the page of an HTTP error; `texts` has title and advice by status."""
    title, advice = texts.get(error.status_code, otherwise)
    return ErrorPage(status=error.status_code, title=title, message=str(error.detail), advice=advice)


def invalid_values(error: RequestValidationError) -> str:
    """Return what is wrong with each parameter of a request."""
    return "; ".join(f"{each['loc'][-1]}: {each['msg']}" for each in error.errors())


def _unreadable(_: Request, error: FindingsFound) -> ErrorPage:
    advice = "Somebody or something changed the bucket. `pressmark verify --full` lists what else is wrong."
    return ErrorPage(status=500, title="This can't be read", message=str(error), advice=advice)
