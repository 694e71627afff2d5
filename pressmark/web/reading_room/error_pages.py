"""Texts of the reading room's error pages. Details of the bucket go to the log, not to readers."""

import logging
from datetime import UTC, datetime

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from pressmark.errors import BucketError, PressmarkError
from pressmark.web.common.error_pages import ErrorPage, Explain, add_error_pages, http_error, invalid_values
from pressmark.web.common.key_patterns import NotFound
from pressmark.web.common.rendering import Renderer
from pressmark.web.reading_room.search.catalogue import SearchTimeout
from pressmark.web.reading_room.search.limiter import WAIT, TooManySearches
from pressmark.web.reading_room.search.query import SECONDS
from pressmark.web.reading_room.search.refresh import State

logger = logging.getLogger("pressmark.reading_room")
_SEARCH = "Search for it, or start at the first page."
_RETRY = {"Retry-After": f"{WAIT:.0f}"}


def add_to(app: FastAPI, renderer: Renderer) -> None:
    """Answer exceptions with pages."""

    def show(request: Request, error: ErrorPage) -> Response:
        variables = {"now": datetime.now(UTC), "state": State(), "error": error}
        return renderer.page(request, "error.html", status=error.status, headers=error.headers, **variables)

    add_error_pages(app, show, _EXPLAIN)


def _refused(_: Request, error: HTTPException) -> ErrorPage:
    return http_error(error, {404: ("Not found", _SEARCH)}, ("Refused", _SEARCH))


def _invalid(_: Request, error: RequestValidationError) -> ErrorPage:
    advice = "Correct the address, or start at the first page."
    return ErrorPage(status=400, title="Invalid request", message=invalid_values(error), advice=advice)


def _missing(_: Request, error: NotFound) -> ErrorPage:
    return ErrorPage(
        status=404,
        title="Not found",
        message=f"The archive has nothing here: {error.args[0]}",
        advice=f"{_SEARCH} Archived articles stay; rejections expire.",
    )


def _too_long(_: Request, error: SearchTimeout) -> ErrorPage:
    return ErrorPage(
        status=503,
        title="This search takes too long",
        message=f"It was stopped after {SECONDS:.0f} seconds: too many articles match, or too many searches run.",
        advice="Add a word, more letters before an asterisk, a site or dates.",
        headers=_RETRY,
    )


def _too_many(_: Request, error: TooManySearches) -> ErrorPage:
    return ErrorPage(
        status=503,
        title="Too many searches",
        message="Other searches took too long, so this one did not start.",
        advice="Try again later.",
        headers=_RETRY,
    )


def _no_bucket(request: Request, error: BucketError) -> ErrorPage:
    logger.warning("%s: %s", request.url.path, error)
    return ErrorPage(
        status=503,
        title="The archive can't be read now",
        message="Its storage does not respond.",
        advice="Search and lists still work. Try again later. The operator finds the reason in the log.",
    )


def _not_set_up(request: Request, error: PressmarkError) -> ErrorPage:
    logger.error("%s: %s", request.url.path, error)
    return ErrorPage(
        status=500,
        title="The reading room is not set up",
        message="A setting is missing or invalid.",
        advice="The operator finds the reason in its log.",
    )


def _failed(_: Request, error: Exception) -> ErrorPage:  # Starlette raises it again, so it is logged.
    message = type(error).__name__
    return ErrorPage(status=500, title="The reading room failed", message=message, advice="Its log says where.")


_EXPLAIN: dict[type[Exception], Explain] = {
    HTTPException: _refused,
    RequestValidationError: _invalid,
    NotFound: _missing,
    SearchTimeout: _too_long,
    TooManySearches: _too_many,
    BucketError: _no_bucket,
    PressmarkError: _not_set_up,
    Exception: _failed,
}
