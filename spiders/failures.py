"""Why a download failed, in words that can be counted."""

from scrapy.exceptions import DownloadTimeoutError, IgnoreRequest
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

GONE = {404, 410}


def why(failure: Failure) -> tuple[str, str]:
    """Return why a download failed: a short name to count, and the details."""
    match error := failure.value:
        case HttpError():
            return f"http-{error.response.status}", f"it answers {error.response.status}"
        case IgnoreRequest() if "robots.txt" in str(error):
            return "robots", "robots.txt forbids it"
        case IgnoreRequest() if "offsite" in str(error):
            return "offsite", "it leads to a host that the site file does not allow (`hosts`)"
        case IgnoreRequest() if "redirections" in str(error):
            return "redirects", "it redirects in a circle"
        case DownloadTimeoutError():
            return "timeout", "no whole response in time"
    return "network", f"{type(error).__name__}: {error}"


def gone(failure: Failure) -> Response | None:
    """Return the response that says there is nothing, or nothing any more; None if it failed otherwise."""
    error = failure.value
    return error.response if isinstance(error, HttpError) and error.response.status in GONE else None
