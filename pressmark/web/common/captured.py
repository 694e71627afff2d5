"""Captured pages and stored files, served so that they can do no harm below Airflow's own origin."""

import re
from collections.abc import Iterator
from email.message import Message
from typing import Any

import attrs

from pressmark.archive.s3 import conditional_write
from pressmark.archive.s3.multipart import stream
from pressmark.archive.s3.s3_errors import PreconditionFailed
from pressmark.archive.warc.response import member_of
from pressmark.errors import FindingsFound
from pressmark.reader import Document, Response
from pressmark.web.common.key_patterns import NotFound, site_of_document, site_of_package, site_of_segment
from pressmark.web.common.repository import Repository

LONGEST = 64_000_000
"""Largest record, in bytes, that is shown."""
SHOWN = frozenset({"text/html", "text/plain", "image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"})
"""Media types that browsers may show; they save all others."""
UNKNOWN = "application/octet-stream"
_CHARSET = re.compile(r"[A-Za-z0-9._-]+", re.ASCII)


@attrs.frozen(kw_only=True)
class Page:
    """One captured page of an article."""

    document: Document
    number: int
    """From 1."""
    pages: int
    response: Response
    content_type: str
    """Of the body as it is served."""
    shown: bool
    """Whether browsers show it; otherwise they save it."""
    name: str
    """File name to save it under."""

    @property
    def live(self) -> bool:
        """Whether its URL is http or https."""
        return self.response.url.startswith(("https://", "http://"))


def captured_page(repository: Repository, key: str, number: int = 1) -> Page:
    """Return the response that a document was read from.

    Raises:
        NotFound: there is no such document or page, or its pointer is invalid.
        FindingsFound: the record that it points to is missing.
    """
    document, pages = _checked(repository, key, number)
    response = repository.reader(site_of_document(key)).capture(document, number)
    content_type, shown = _type_of(response)
    return Page(
        document=document,
        number=number,
        pages=pages,
        response=response,
        content_type=content_type,
        shown=shown,
        name=f"{key.split('/')[-2]}_{number}.{'html' if content_type.startswith('text/html') else 'bin'}",
    )


def captured_member(repository: Repository, key: str, number: int = 1) -> bytes:
    """Return the gzip member with the record of that response; raises as `captured_page` does."""
    document, _ = _checked(repository, key, number)
    return member_of(repository.store, **_captures(document)[number - 1])


def _checked(repository: Repository, key: str, number: int) -> tuple[Document, int]:
    """Return a document and its number of pages, if this page may be shown."""
    document = repository.document(key)
    captures = _captures(document)
    if not 0 < number <= len(captures):
        raise NotFound(f"{key}, page {number}")
    pointed = captures[number - 1]
    if site_of_segment(str(pointed["warc"])) != site_of_document(key):
        raise NotFound(str(pointed["warc"]))
    if not 0 < pointed["length"] <= LONGEST:
        raise FindingsFound(f"{key}: a record of {pointed['length']} bytes is not shown. Fetch its segment.")
    return document, len(captures)


@attrs.frozen
class StoredFile:
    """A segment, its index or a package, as currently stored."""

    key: str
    size: int
    """Bytes."""
    etag: str
    """Changes with the content."""

    @property
    def tag(self) -> str:
        """The ETag, as addresses use it."""
        return self.etag.strip('"')


def stored_file(repository: Repository, key: str) -> StoredFile:
    """Return a segment, its index or a package; NotFound if it does not exist."""
    (site_of_package if key.startswith("wacz/") else site_of_segment)(key)
    found = conditional_write.head(repository.store, key)
    if found is None:
        raise NotFound(key)
    return StoredFile(key, found.size, found.etag)


def chunks(repository: Repository, file: StoredFile, start: int = 0, end: int | None = None) -> Iterator[bytes]:
    """Stream it, or its bytes from `start` to before `end`; NotFound if it was replaced meanwhile."""
    end = file.size if end is None else end
    if start >= end:
        return iter(())
    try:
        return stream(repository.store, file.key, file.etag, start, end)
    except (PreconditionFailed, KeyError):
        raise NotFound(f"{file.key} was replaced") from None


def _captures(document: Document) -> list[dict[str, Any]]:
    """Return a document's pointers to its captures; FindingsFound if they are invalid."""
    try:
        return [_placed(each) for each in document.data["pressmark"]["captures"]]
    except (LookupError, TypeError, ValueError) as error:
        raise FindingsFound(f"{document.key} points to no capture: {type(error).__name__}: {error}") from None


def _placed(capture: dict[str, Any]) -> dict[str, Any]:
    place = {name: capture[name] for name in ("warc", "offset", "length", "url")}
    if [type(value) for value in place.values()] != [str, int, int, str] or place["offset"] < 0:
        raise ValueError(f"it says {place}")
    return place


def _type_of(response: Response) -> tuple[str, bool]:
    """Return the media type to serve a body as, and whether browsers may show it. The site's header is parsed first."""
    said = next((value for name, value in response.headers if name.lower() == "content-type"), "")
    header = Message()
    header["Content-Type"] = said
    kind, charset = said.partition(";")[0].strip().lower(), header.get_param("charset")
    if kind not in SHOWN:
        return UNKNOWN, False
    known = kind.startswith("text/") and isinstance(charset, str) and _CHARSET.fullmatch(charset)
    return f"{kind}; charset={charset}" if known else kind, True
