"""Errors of downloads, and short names for counting them."""

from scrapy.exceptions import DownloadCancelledError, DownloadTimeoutError, IgnoreRequest, ResponseDataLossError
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure
from twisted.web._newclient import ParseError

from pressmark.text import brief

GONE = {404, 410}
BAD_HEAD = "bad-head"
"""Reason of a response whose head could not be recorded."""
REJECTED = {"too-large", "undecodable"}
"""Reasons that make a response a rejection: the same bytes always have the same result."""


class Refused(IgnoreRequest):
    """A request that is not sent, or a response that can't be archived.

    Args:
        reason: a short name for counting.
        message: the details.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class UnreadableContent(IgnoreRequest):
    """A response whose content can't be decoded.

    Args:
        reason: a short name for counting.
        message: the details.
        response: what was received.
    """

    def __init__(self, reason: str, message: str, response: Response) -> None:
        super().__init__(message)
        self.reason, self.response = reason, response


def failure_reason(failure: Failure) -> tuple[str, str]:
    """Return why a download failed: a short name for counting, and the details."""
    match error := failure.value:
        case HttpError():
            return f"http-{error.response.status}", f"it answers {error.response.status}"
        case Refused() | UnreadableContent():
            return error.reason, str(error)
        case IgnoreRequest() if "redirections" in str(error):
            return "redirects", "it redirects in a circle"
        case ResponseDataLossError():
            return "cut-short", "the connection ended before the response did"
        case DownloadCancelledError():
            return "too-large", "it has more bytes than a page may have"
        case DownloadTimeoutError():
            return "timeout", "no complete response in time"
    if refusal := _refusal_of_head(error):
        return BAD_HEAD, brief(f"its head can't be read: {type(refusal).__name__}: {refusal}")
    return "network", brief(f"{type(error).__name__}: {error}")


def _refusal_of_head(error: BaseException | None) -> BaseException | None:
    """Return why Twisted refused the head of a response, e.g. an unknown Transfer-Encoding; None if it did not."""
    reasons = (each.value for each in getattr(error and error.__cause__, "reasons", ()))
    return next((each for each in reasons if isinstance(each, (ParseError, KeyError, ValueError))), None)


def gone_response(failure: Failure) -> Response | None:
    """Return the 404 or 410 response of a failure; None for other failures."""
    error = failure.value
    return error.response if isinstance(error, HttpError) and error.response.status in GONE else None
