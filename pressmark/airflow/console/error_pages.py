"""What the console's error pages say."""

from datetime import UTC, datetime

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from pressmark.airflow.console.rendering import RENDERER
from pressmark.errors import BucketError, PressmarkError, UnknownSection
from pressmark.monitoring.advice import on_failure
from pressmark.web.common.error_pages import ErrorPage, Explain, add_error_pages, http_error, invalid_values
from pressmark.web.common.key_patterns import NotFound

OVERVIEW = "The overview leads to all there is."
REFUSALS = {
    401: ("Signed out", "Sign in to Airflow again, then open this page once more."),
    403: ("Not for you", "Ask for the right to see Airflow's plugins."),
    404: ("Not there", OVERVIEW),
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
    return ErrorPage(status=422, title="Asked wrongly", message=invalid_values(error), advice=OVERVIEW)


def _missing(_: Request, error: NotFound) -> ErrorPage:
    return ErrorPage(
        status=404,
        title="Not there",
        message=f"The bucket has nothing to show here: {error.args[0]}",
        advice="Rejections expire; all else stays. `pressmark verify` lists what is missing from the bucket.",
    )


def _unknown_section(_: Request, error: UnknownSection) -> ErrorPage:
    return ErrorPage(status=404, title="Not there", message=str(error), advice="The overview lists all sections.")


def _no_bucket(_: Request, error: BucketError) -> ErrorPage:
    action = on_failure(type(error).__name__).action
    here = "The console shows what is in the bucket, so it shows nothing now; its variables are the API server's."
    return ErrorPage(status=503, title="The bucket can't be used", message=str(error), advice=f"{action} {here}")


def _not_set_up(_: Request, error: PressmarkError) -> ErrorPage:
    advice = "Mend what the message names, and reload."
    return ErrorPage(status=500, title="The console is not set up", message=str(error), advice=advice)


def _failed(_: Request, error: Exception) -> ErrorPage:  # Starlette raises it again, so it is logged.
    message = "The API server's log tells where."
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
