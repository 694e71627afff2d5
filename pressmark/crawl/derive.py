"""Rebuilds documents from WARC records, offline, with the layout of the capture's day."""

import asyncio
import logging
from collections.abc import Container, Iterator
from contextlib import ExitStack
from typing import Protocol

import attrs

from pressmark.archive.bucket.documents import parse
from pressmark.archive.s3.store import Store
from pressmark.archive.spool.batch import Draft
from pressmark.archive.spool.drafts import rejection_draft, version_draft
from pressmark.archive.warc.captures import DocumentCaptures, SegmentCaptures
from pressmark.archive.warc.content import ContentError, CutShort, unreadable
from pressmark.archive.warc.response import Response
from pressmark.errors import FindingsFound, PressmarkError, ReadingFailed, Rejected
from pressmark.extract.article_reader import IncompleteArticle, WrongPage, as_rejection, read_article
from pressmark.extract.layouts import layout_of
from pressmark.extract.page_messages import FetchedPage, ReadPage
from pressmark.extract.page_reader import PageReader
from pressmark.model import keys, strict_json
from pressmark.model.capture import Capture
from pressmark.model.document import Document, captures_of, draft, to_bytes, validate, with_captures
from pressmark.model.outcomes import Outcome
from pressmark.pipelines.normalize import normalize
from pressmark.sites.site import Site

OK = 200
EXTRACTOR = "extractor"
LATER = frozenset({"encoding", "charactersReplaced", EXTRACTOR})
"""Fields of the block `pressmark` that older releases did not write."""

logger = logging.getLogger("pressmark.rederive")


class Source(Protocol):
    """A source of captures."""

    def next_of(self, url: str, after: Capture) -> Capture | None:
        """Return the capture of a following page."""

    def response(self, capture: Capture, limit: int) -> Response:
        """Read the response of a capture, with at most `limit` bytes of decoded body."""


@attrs.frozen(kw_only=True)
class Rederived:
    """A stored document, and the result of reading its captures today."""

    key: str
    """The key of the stored document."""
    was: str
    """`version`, or the reason of a rejection."""
    now: str
    """`version`, the reason of a rejection, the reason of a wrong page (`pressmark.extract.response_check`), or
    `not whole` if the document lacks pointers to some pages."""
    same: bool
    """Whether all bytes are equal."""
    changed: tuple[str, ...]
    """Fields that differ, with the prefix `pressmark.` for those of the archive; empty if only the JSON differs."""
    document: Document | None
    """The result; None if the captures give no complete document."""
    correction_key: str | None
    """Where `correct` publishes it; None if there is nothing to correct, or the result is no version."""


class DocumentNotFound(FindingsFound):
    """The document does not exist."""

    def __init__(self, key: str) -> None:
        super().__init__(f"{key} is missing. `pressmark verify` lists what else.")
        self.key = key


def derive(
    site: Site, captured: SegmentCaptures, known: Container[str] = (), reader: PageReader | None = None
) -> Iterator[Draft]:
    """Return a version or a rejection for each captured article, except those with a known id.

    As in the crawl, a document gets the requested URL if that belongs to the same article. There is no
    document of an article whose following pages were not all captured after its first, or that could not be read in
    time: the next visit reads it. Without `reader`, one is started.
    """
    with ExitStack() as stack:
        pages = reader or stack.enter_context(PageReader(site))
        for capture in captured:
            match = site.article_match(capture.url)
            asked = site.article_match(captured.asked_for(capture))
            if asked and (not match or match["id"] == asked["id"]):  # Otherwise another article redirected here.
                match = asked
            if capture.status != OK or not match or int(match["page"] or 1) != 1 or match["id"] in known:
                continue
            try:
                derived = _derive(site, captured, capture, match["id"], keys.day_of_url(match["day"]), pages)
            except ReadingFailed as error:
                logger.warning("captured, but left to the next visit: %s", error)
                continue
            if isinstance(derived, Draft):
                yield derived


def rederive(store: Store, site: Site, key: str, reader: PageReader | None = None) -> Rederived:
    """Read the captures that a stored version or rejection points to again, and compare.

    Args:
        store: the bucket.
        site: of the document.
        key: of the document.
        reader: reads the pages; without it, one is started for this document only.

    Raises:
        ReadingFailed: a page could not be read; this says nothing about the page.
        FindingsFound: the object does not exist, no run published it, or a capture is missing.
    """
    try:
        stored = store.get(key, most=strict_json.MOST)
    except KeyError:
        raise DocumentNotFound(key) from None
    document = parse(key, stored)
    captures = captures_of(document)
    day, article_id = keys.day_folder(key), keys.article_of(key)
    with ExitStack() as stack:
        pages = reader or stack.enter_context(PageReader(site))
        source = DocumentCaptures(store, captures, cut=bool(document["pressmark"].get("cutShort")))
        result = _derive(site, source, captures[0], article_id, day, pages)
    derived = result if isinstance(result, Draft) else None
    made = derived.document if derived else None
    same = made is not None and to_bytes(_without_new_fields(document, made)) == stored
    # A silent edit has the version's key for corrections, so it gets none: it would replace the version's.
    corrects = derived and not same and derived.outcome is Outcome.PUBLISHED and not key.startswith(keys.SILENT_EDITS)
    return Rederived(
        key=key,
        was=_kind(document),
        now=_kind(made) if made else result.reason if isinstance(result, WrongPage) else "not whole",
        same=same,
        changed=()
        if same
        else tuple(_changed(document, _without_new_fields(document, made or {}, LATER - {EXTRACTOR}))),
        document=made,
        correction_key=keys.correction(derived.key, made["pressmark"]["layout"])
        if corrects and derived and made
        else None,
    )


def reread_document(store: Store, site: Site, key: str, reader: PageReader) -> Document | None:
    """Return the document that a stored one's captures give today; None if they give none or can't be read."""
    try:
        return rederive(store, site, key, reader).document
    except (FindingsFound, ReadingFailed) as error:
        logger.warning("%s can't be read again: %s", key, error)
        return None


def _derive(
    site: Site, source: Source, first: Capture, article_id: str, day: str, reader: PageReader
) -> Draft | IncompleteArticle:
    return asyncio.run(_read(site, source, first, article_id, day, reader))


async def _read(
    site: Site, source: Source, first: Capture, article_id: str, day: str, reader: PageReader
) -> Draft | IncompleteArticle:
    captures = [first]

    page_class = layout_of(site).article_page(first.captured_at)

    async def read(page: FetchedPage) -> ReadPage:
        return reader.article_page(page_class, page)

    async def fetch(url: str) -> FetchedPage:
        found = source.next_of(url, after=first)
        if not found or found.status != OK:
            raise IncompleteArticle(f"{url} was not captured")
        captures.append(found)
        return _page(source, found, site.bounds.article)

    url = first.url
    try:
        page = _page(source, first, site.bounds.article)
        article = normalize(await read_article(read, site, article_id, page, fetch))
        url = article.url  # The pipeline `validate` rejects it under this URL.
        document = draft(article)
        validate(document)
        made = version_draft(site, day, article.version, document)
    except IncompleteArticle as error:
        return error
    except Exception as error:
        if isinstance(error, PressmarkError) and not isinstance(error, Rejected):
            raise  # The bucket or a capture failed, not the page.
        made = rejection_draft(site, day, article_id, url, as_rejection(error))
    return attrs.evolve(made, document=with_captures(made.document, captures))


def _page(source: Source, capture: Capture, limit: int) -> FetchedPage:
    try:
        found = source.response(capture, limit)
    except CutShort as error:
        raise IncompleteArticle(unreadable(capture.url, error)) from error
    except ContentError as error:
        raise Rejected(error.reason, unreadable(capture.url, error)) from error
    return FetchedPage(
        url=capture.url, body=found.body, status=capture.status, headers=found.headers, cut_short=found.cut_short
    )


def _without_new_fields(stored: Document, made: Document, later: frozenset[str] = LATER) -> Document:
    """Return a document without the `later` fields that the stored one does not have."""
    block = made.get("pressmark", {})
    left_out = later - stored["pressmark"].keys()
    return {**made, "pressmark": {name: value for name, value in block.items() if name not in left_out}}


def _kind(document: Document) -> str:
    return str(document.get("reason", "version"))


def _changed(old: Document, new: Document) -> Iterator[str]:
    for name in sorted(old.keys() | new.keys()):
        if name == "pressmark":
            yield from (f"pressmark.{each}" for each in _changed(old[name], new.get(name, {})))
        elif old.get(name) != new.get(name):
            yield name
