"""Responses other than pages: JSON, static files, and stored files to save."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.responses import StreamingResponse

from pressmark.text import shown_json
from pressmark.web.common.captured import chunks, stored_file
from pressmark.web.common.repository import Repository

HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
"""Of every response."""


def json_response(data: Any, headers: Mapping[str, str], media_type: str = "application/json") -> Response:
    """Return JSON, indented for people."""
    return Response(shown_json(data, indent=2).encode(), media_type=media_type, headers=headers)


def static_response(package: str, name: str, types: Mapping[str, str], headers: Mapping[str, str]) -> Response:
    """Return a file of a package's `static` folder.

    Args:
        package: Python package.
        name: of the file.
        types: media types of the files that may be served, by name.
        headers: of the response.

    Raises:
        HTTPException: 404, it is no such file.
    """
    if name not in types:
        raise HTTPException(404)
    return Response(_static(package, name), media_type=types[name], headers=headers)


def stored_response(request: Request, repository: Repository, key: str, headers: Mapping[str, str]) -> Response:
    """Return a segment, its index or a package, to save; NotFound if it does not exist."""
    found = stored_file(repository, key)
    data = chunks(repository, found, end=0 if request.method == "HEAD" else None)
    headers = {**headers, **attachment(key.rpartition("/")[2]), "Content-Length": str(found.size)}
    return StreamingResponse(data, media_type="application/octet-stream", headers=headers)


def attachment(name: str) -> dict[str, str]:
    """Return the header that makes a browser save a response under this name."""
    return {"Content-Disposition": f'attachment; filename="{name}"'}


@cache
def _static(package: str, name: str) -> bytes:
    return (files(package) / "static" / name).read_bytes()
