"""What a page says when there is nothing to show: in words, and what to do; never a stack trace."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from pressmark.errors import BucketError, FindingsFound, PressmarkError
from pressmark.web.common.key_patterns import NotThere
from pressmark.web.reading_room.addresses import Places
from pressmark.web.reading_room.rendering import render
from pressmark.web.reading_room.search.catalogue import TakesTooLong
from pressmark.web.reading_room.search.query import SECONDS
from pressmark.web.reading_room.search.refresh import State
from pressmark.web.reading_room.search.turns import WAIT, TooManyWait

logger = logging.getLogger("pressmark.reading_room")
Answer = Callable[[Request, Exception], Response]
_BUSY = {
    TakesTooLong: (
        "This search takes too long",
        f"It was ended after {SECONDS:.0f} seconds: much of the archive has these words, or many search now.",
        "Another word narrows it, and so do more letters of a beginning, a site or days.",
    ),
    TooManyWait: ("Many search now", "The turn of this search did not come in time.", "Try it again in a while."),
}
"""What is said of a search that was not done: title, message and advice."""


def answers(places: Places) -> dict[type[Exception], Answer]:
    """Return what to answer, by what was raised."""

    def refusal(request: Request, status: int, title: str, message: str, advice: str) -> Response:
        return render(
            request,
            places,
            "refusal.html",
            status=status,
            now=datetime.now(UTC),
            state=State(),
            title=title,
            message=message,
            advice=advice,
        )

    def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        title = "Not there" if error.status_code == 404 else "Refused"
        return refusal(
            request, error.status_code, title, str(error.detail), "Search for it, or begin at the first page."
        )

    def nonsense(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        said = "; ".join(f"{each['loc'][-1]}: {each['msg']}" for each in error.errors())
        return refusal(request, 400, "Not understood", said, "Mend the address, or begin at the first page.")

    def missing(request: Request, error: Exception) -> Response:
        advice = "Search for it, or begin at the first page. What was archived stays; rejections expire."
        return refusal(request, 404, "Not there", f"The archive has nothing of this: {error.args[0]}", advice)

    def busy(request: Request, error: Exception) -> Response:
        title, said, advice = _BUSY[type(error)]
        answer = refusal(request, 503, title, said, advice)
        answer.headers["Retry-After"] = f"{WAIT:.0f}"
        return answer

    def wrong(request: Request, error: Exception) -> Response:
        if isinstance(error, BucketError):
            logger.warning("%s: %s", request.url.path, error)  # Names and addresses are none of a reader's business.
            advice = "Search and lists still work. Try again later: the log of the reading room tells its operator why."
            return refusal(request, 503, "The archive can't be read now", "Its storage does not answer.", advice)
        if isinstance(error, FindingsFound):
            advice = "Somebody or something changed the bucket. `pressmark verify --full` lists what else is wrong."
            return refusal(request, 500, "This can't be read", str(error), advice)
        logger.error("%s: %s", request.url.path, error)
        advice = "Its log tells its operator what is wrong."
        return refusal(request, 500, "The reading room is not set up", "Something that it needs is missing.", advice)

    def broken(request: Request, error: Exception) -> Response:  # It is raised on, and so logged.
        return refusal(request, 500, "The reading room failed", f"{type(error).__name__}", "Its log tells where.")

    return {
        HTTPException: refused,
        RequestValidationError: nonsense,
        NotThere: missing,
        TakesTooLong: busy,
        TooManyWait: busy,
        PressmarkError: wrong,
        Exception: broken,
    }
