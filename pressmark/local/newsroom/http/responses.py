"""Responses: gzip, chunks, entity tags, conditional requests, cookies."""

import gzip
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import sha256
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

_COOKIES: Final = ("newsroom_edition=en; Path=/", "newsroom_visit=1; Path=/; Max-Age=86400")
_CHUNK: Final = 8192


class ChunkedResponse(Response):
    """A response without Content-Length, sent in pieces: the server makes it chunked."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        headers = [(name, value) for name, value in self.raw_headers if name != b"content-length"]
        await send({"type": "http.response.start", "status": self.status_code, "headers": headers})
        body = bytes(self.body)
        for start in range(0, len(body), _CHUNK):
            await send({"type": "http.response.body", "body": body[start : start + _CHUNK], "more_body": True})
        await send({"type": "http.response.body", "body": b""})


def html_answer(request: Request, html: str, *, status: int = 200, charset: bool = True) -> Response:
    """Return a page with a Content-Length: listings, the home page, errors."""
    return _html(request, html.encode(), Response, status, {}, charset=charset)


def article_answer(request: Request, html: str, modified: datetime, *, charset: bool) -> Response:
    """Return an article page: chunked, with ETag and Last-Modified, or 304 if the client has it."""
    body = html.encode()
    # Weak: the gzipped and the plain page have the same tag (RFC 9110, 8.8.1).
    validators = _validators(f'W/"{_digest(body)}"', modified)
    if _is_not_modified(request, validators, modified):
        return Response(status_code=304, headers={**validators, "vary": "Accept-Encoding"})
    return _html(request, body, ChunkedResponse, 200, validators, charset=charset)


def file_answer(request: Request, body: bytes, media_type: str, modified: datetime) -> Response:
    """Return a static file with a strong ETag, or 304."""
    validators = _validators(f'"{_digest(body)}"', modified)
    if _is_not_modified(request, validators, modified):
        return Response(status_code=304, headers=validators)
    return Response(body, headers={"content-type": media_type, **validators, "cache-control": "max-age=3600"})


def _html(
    request: Request, body: bytes, kind: type[Response], status: int, headers: dict[str, str], *, charset: bool
) -> Response:
    headers = {"content-type": "text/html; charset=utf-8" if charset else "text/html", **headers}
    headers["vary"] = "Accept-Encoding"
    if accepts_gzip(request.headers.get("accept-encoding", "")):
        # No time in the gzip header: the same page gives the same bytes.
        body = gzip.compress(body, 4, mtime=0)
        headers["content-encoding"] = "gzip"
    response = kind(body, status, headers)
    for cookie in _COOKIES:
        response.headers.append("set-cookie", cookie)
    return response


def accepts_gzip(accept_encoding: str) -> bool:
    """Return whether the header allows gzip: it names it, with a weight above 0."""
    for part in accept_encoding.lower().split(","):
        name, _, weight = part.strip().partition(";")
        if name.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def _digest(body: bytes) -> str:
    return sha256(body).hexdigest()[:20]


def _validators(etag: str, modified: datetime) -> dict[str, str]:
    return {"etag": etag, "last-modified": http_date(modified)}


def http_date(moment: datetime) -> str:
    """Return the moment as HTTP writes it."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def _is_not_modified(request: Request, validators: dict[str, str], modified: datetime) -> bool:
    """Evaluate the conditions of RFC 9110, 13.2.2: If-Modified-Since counts only without If-None-Match."""
    tags = request.headers.get("if-none-match")
    if tags is not None:
        current = validators["etag"].removeprefix("W/")
        return tags.strip() == "*" or current in [tag.strip().removeprefix("W/") for tag in tags.split(",")]
    since = request.headers.get("if-modified-since")
    if since is None:
        return False
    try:
        return modified <= parsedate_to_datetime(since)
    except (ValueError, TypeError):
        # A date that can't be read, or has no zone, is ignored.
        return False
