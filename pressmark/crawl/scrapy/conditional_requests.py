"""Conditional requests: an unchanged page costs only a 304 (RFC 9110, 13)."""

import re

from scrapy import Request
from scrapy.http import Response

from pressmark.archive.bucket.visits import VisitedPage
from pressmark.crawl.scrapy.content_decoding import CUT_SHORT
from pressmark.crawl.scrapy.recording_handler import ORIGINAL, RECEIPT
from pressmark.model.capture import Original

NOT_MODIFIED = 304
CONDITIONS = ("If-None-Match", "If-Modified-Since")
LONGEST_VALIDATOR = 1000
"""Bytes of an ETag or Last-Modified; a longer one is ignored."""
_ETAG = re.compile(r'(?:W/)?"[ !#-~\x80-\xff]*"|[!#-)+\-./0-~\x80-\xff]+')
"""One entity tag, as Latin-1 (RFC 9110, 8.8.3); some servers leave out the quotes. `*` and lists don't match: a 304 for
them would say nothing about this page."""
_DATE = re.compile(r"[ -~\x80-\xff]+")
"""Characters allowed in a header, as Latin-1: printable ASCII and all bytes above it (RFC 9110, 5.5)."""


def make_conditional(request: Request, page: VisitedPage) -> Request:
    """Add the conditions to a request, and the capture that a 304 refers to."""
    for header, validator, form in (
        (CONDITIONS[0], page.etag, _ETAG),
        (CONDITIONS[1], page.last_modified, _DATE),
    ):
        if validator and _fits(validator, form):
            request.headers[header] = validator.encode("latin-1")
            request.meta.update({ORIGINAL: page.original, "handle_httpstatus_list": [NOT_MODIFIED]})
    return request


def is_not_modified(response: Response) -> bool:
    """Return whether a response is a 304 to a conditional request; a 304 to any other request is invalid."""
    if response.status != NOT_MODIFIED or not response.request:
        return False
    return any(each in response.request.headers for each in CONDITIONS)


def visited_page(response: Response) -> VisitedPage:
    """Return a fetched page with its validators; without them if it may be cut short, so that it is fetched again."""
    receipt = response.meta[RECEIPT]
    is_whole = CUT_SHORT not in response.flags
    return VisitedPage(
        original=Original(url=response.url, record_id=receipt.record_id, captured_at=receipt.captured_at),
        etag=_header(response, "ETag", _ETAG) if is_whole else None,
        last_modified=_header(response, "Last-Modified", _DATE) if is_whole else None,
    )


def _header(response: Response, name: str, form: re.Pattern[str]) -> str | None:
    """Return a validator as text, one character per byte; None if it can't be sent back."""
    value = (response.headers.get(name) or b"").decode("latin-1")
    return value if _fits(value, form) else None


def _fits(validator: str, form: re.Pattern[str]) -> bool:
    return len(validator) <= LONGEST_VALIDATOR and bool(form.fullmatch(validator))
