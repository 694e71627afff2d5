"""The pages of a package: captures that documents were read from, and later captures of the same pages."""

import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs

from pressmark.jobs.wacz.contents import Contents
from pressmark.reader import Document, Reader
from pressmark.text import cleaned

NAMES = frozenset({"id", "url", "ts", "title", "version", "key"})
"""Fields of a page's entry in a package."""


@attrs.frozen(order=True)
class _Page:
    """What a document says of a page, from one capture on."""

    captured_at: str
    record_id: str
    title: str = attrs.field(order=False)
    version: str = attrs.field(order=False)
    key: str = attrs.field(order=False)


def entries(reader: Reader, contents: Contents, problem: Callable[[str], None]) -> list[dict[str, Any]]:
    """Return the captures of articles' first pages, by time; `version` and `key` name the document read from each.

    A capture without a document of its own gets the last document before it.

    Args:
        reader: of the site.
        contents: the package's captures.
        problem: gets the error of each document that can't be read and is left out.
    """
    said: dict[str, list[_Page]] = {}
    for document in reader.read(reader.keys_for_urls(contents.urls), lambda error: problem(str(error))):
        try:
            url, each = _page_of(document.key, document.data)
        except (KeyError, TypeError, IndexError, AttributeError) as error:
            problem(f"{document.key} is no document: {type(error).__name__}: {error}")
        else:
            said.setdefault(url, []).append(each)
    found = []
    for url, known in said.items():
        known.sort()
        exactly = {each.record_id: each for each in known}
        for captured_at, record_id in contents.pages.get(url, ()):
            before = bisect_right(known, captured_at, key=lambda each: each.captured_at)
            if read := exactly.get(record_id) or (known[before - 1] if before else None):
                found.append((captured_at, record_id, url, read))
    return [
        {
            "id": record_id.rpartition(":")[2],
            "url": url,
            "ts": captured_at,
            "title": cleaned(each.title),
            "version": each.version,
            "key": each.key,
        }
        for captured_at, record_id, url, each in sorted(found, key=lambda one: one[:3])
    ]


def matches(document: Document, entry: Mapping[str, Any]) -> bool:
    """Return whether a document confirms a package's entry of a page: URL, title and version."""
    url, said = _page_of(document.key, document.data)
    return (url, cleaned(said.title), said.version) == (entry["url"], entry["title"], entry["version"])


def listed(pages: Iterable[dict[str, Any]]) -> bytes:
    """Return pages as a package lists them (`json-pages-1.0`)."""
    head = {"format": "json-pages-1.0", "id": "pages", "title": "Pages"}
    return "".join(f"{json.dumps(each, ensure_ascii=False)}\n" for each in (head, *pages)).encode()


def _page_of(key: str, data: dict[str, Any]) -> tuple[str, _Page]:
    block = data["pressmark"]
    first = block["captures"][0]
    page = _Page(first["capturedAt"], first["recordId"], data["headline"], block["version"], key)
    if [type(each) for each in attrs.astuple(page)] != [str] * 5:
        raise TypeError(f"it says {page}")
    return first["url"], page
