"""Conditional requests: asking for a page that was had before costs a 304 if it is still the same (RFC 9110, 13)."""

from scrapy import Request
from scrapy.http import Response

from pressmark.archive.visits import VisitedPage
from pressmark.capture import Original
from spiders.wire import ORIGINAL, RECEIPT

NOT_MODIFIED = 304


def conditional(request: Request, page: VisitedPage) -> Request:
    """Add the conditions to a request, and what its 304 would refer to."""
    if page.etag:
        request.headers["If-None-Match"] = page.etag
    if page.last_modified:
        request.headers["If-Modified-Since"] = page.last_modified
    request.meta.update({ORIGINAL: page.original, "handle_httpstatus_list": [NOT_MODIFIED]})
    return request


def visited(response: Response) -> VisitedPage:
    """Return a page that was had, and by what its server knows it again."""
    receipt = response.meta[RECEIPT]
    return VisitedPage(
        original=Original(url=response.url, record_id=receipt.record_id, captured_at=receipt.captured_at),
        etag=_header(response, "ETag"),
        last_modified=_header(response, "Last-Modified"),
    )


def _header(response: Response, name: str) -> str | None:
    value = response.headers.get(name)
    return value.decode("latin-1") if value else None
