"""What a page says when there is nothing to show: in words, and what to do; never a stack trace."""

from collections.abc import Callable
from datetime import UTC, datetime

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from pressmark.airflow.console.rendering import render
from pressmark.errors import BucketError, FindingsFound, PressmarkError, UnknownSection
from pressmark.monitoring.advice import on_failure
from pressmark.web.common.key_patterns import NotThere

REFUSALS = {
    401: ("Signed out", "Sign in to Airflow again, then open this page once more."),
    403: ("Not for you", "Ask for the right to see Airflow's plugins."),
    404: ("Not there", "The overview leads to all there is."),
}


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    title, advice = REFUSALS.get(error.status_code, ("Refused", ""))
    return _error(request, error.status_code, title, str(error.detail), advice)


def _missing(request: Request, error: Exception) -> Response:
    advice = "Rejections expire after a time; all else stays. `pressmark verify` lists what is missing from the bucket."
    return _error(request, 404, "Not there", f"The bucket has nothing to show here: {error.args[0]}", advice)


def _asked_wrongly(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    told = "; ".join(f"{each['loc'][-1]}: {each['msg']}" for each in error.errors())
    return _error(request, 422, "Asked wrongly", told, "The overview leads to all there is.")


def _wrong(request: Request, error: Exception) -> Response:
    if isinstance(error, UnknownSection):
        return _error(request, 404, "Not there", str(error), "The overview lists all sections.")
    if isinstance(error, BucketError):
        action = on_failure(type(error).__name__).action
        here = "The console shows what is in the bucket, so it shows nothing now; its variables are the API server's."
        return _error(request, 503, "The bucket can't be used", str(error), f"{action} {here}")
    if isinstance(error, FindingsFound):
        advice = "Somebody or something changed the bucket. `pressmark verify --full` lists what else is wrong."
        return _error(request, 500, "This can't be read", str(error), advice)
    return _error(request, 500, "The console is not set up", str(error), "Mend what the message names, and reload.")


def _broken(request: Request, error: Exception) -> Response:  # It is raised on, and so logged.
    return _error(request, 500, "The console failed", "The API server's log tells where.", "Please report it.")


def _error(request: Request, status: int, title: str, message: str, advice: str) -> HTMLResponse:
    return render(
        request,
        "error.html",
        datetime.now(UTC),
        status=status,
        code=status,
        title=title,
        message=message,
        advice=advice,
    )


ANSWERS: dict[type[Exception], Callable[[Request, Exception], Response]] = {
    HTTPException: _refused,
    RequestValidationError: _asked_wrongly,
    NotThere: _missing,
    PressmarkError: _wrong,
    Exception: _broken,
}
"""By what was raised."""
