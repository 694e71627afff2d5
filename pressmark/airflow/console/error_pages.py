"""Texts of the console's error pages."""

from datetime import UTC, datetime

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from pressmark.airflow.console.rendering import RENDERER
from pressmark.errors import BucketError, PressmarkError, UnknownSection
from pressmark.monitoring.advice import on_failure
from pressmark.web.common.error_pages import ErrorPage, Explain, add_error_pages, http_error, invalid_values
from pressmark.web.common.key_patterns import NotFound

OVERVIEW = "The overview links to every page."
REFUSALS = {
    401: ("Signed out", "Sign in to Airflow again, then open this page once more."),
    403: ("No access", "Ask for permission to view Airflow's plugins."),
    404: ("Not found", OVERVIEW),
}
"""Title and advice by status."""


def add_to(app: FastAPI) -> None:
    """Answer exceptions with pages."""
    add_error_pages(app, _show, _EXPLAIN)


def _show(request: Request, error: ErrorPage) -> Response:
    now = datetime.now(UTC)
    return RENDERER.page(request, "error.html", status=error.status, headers=error.headers, now=now, error=error)


def _refused(_: Request, error: HTTPException) -> ErrorPage:
    return http_error(error, REFUSALS)


def _invalid(_: Request, error: RequestValidationError) -> ErrorPage:
    return ErrorPage(status=422, title="Invalid request", message=invalid_values(error), advice=OVERVIEW)


def _missing(_: Request, error: NotFound) -> ErrorPage:
    return ErrorPage(
        status=404,
        title="Not found",
        message=f"The bucket has nothing here: {error.args[0]}",
        advice="Rejections expire; everything else stays. `pressmark verify` lists what is missing from the bucket.",
    )


def _unknown_section(_: Request, error: UnknownSection) -> ErrorPage:
    return ErrorPage(status=404, title="Not found", message=str(error), advice="The overview lists all sections.")


def _no_bucket(_: Request, error: BucketError) -> ErrorPage:
    action = on_failure(type(error).__name__).action
    here = "The console shows the bucket's content, so it shows nothing now. It reads the API server's variables."
    return ErrorPage(status=503, title="The bucket can't be used", message=str(error), advice=f"{action} {here}")


def _not_set_up(_: Request, error: PressmarkError) -> ErrorPage:
    advice = "Fix what the message names, then reload."
    return ErrorPage(status=500, title="The console is not set up", message=str(error), advice=advice)


def _failed(_: Request, error: Exception) -> ErrorPage:  # Starlette raises it again, so it is logged.
    message = "The API server's log says where."
    return ErrorPage(status=500, title="The console failed", message=message, advice="Please report it.")


_EXPLAIN: dict[type[Exception], Explain] = {
    HTTPException: _refused,
    RequestValidationError: _invalid,
    NotFound: _missing,
    UnknownSection: _unknown_section,
    BucketError: _no_bucket,
    PressmarkError: _not_set_up,
    Exception: _failed,
}
