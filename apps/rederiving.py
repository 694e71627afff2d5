"""Re-deriving: documents made again from WARC records alone, offline, by the layout of the capture's day."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import attrs
from web_poet import HttpResponse, HttpResponseHeaders

from pipelines.clean import clean
from pressmark.archive import keys, manifest
from pressmark.archive.batch import Draft
from pressmark.archive.captured import Captured, Payload, Pointed
from pressmark.archive.documents import parse
from pressmark.archive.store import Store
from pressmark.capture import Capture
from pressmark.document import Document, captures_of, draft, to_bytes, validate, with_captures
from pressmark.drafts import rejection_draft, version_draft
from pressmark.errors import FindingsFound, PressmarkError, Rejected, UsageError
from pressmark.outcomes import Outcome
from pressmark.site import Site
from spiders.layouts import layout_of, page_response
from spiders.reading import NotWhole, as_rejection, read_article

OK = 200
THREADS = 8


class Source(Protocol):
    """Where captures are read from."""

    def next_of(self, url: str, behind: Capture) -> Capture | None:
        """Return the capture of a following page."""

    def payload(self, capture: Capture) -> Payload:
        """Read the response of a capture."""


@attrs.frozen(kw_only=True)
class Rederived:
    """A stored document, and what its captures give today."""

    key: str
    """Of the stored document."""
    was: str
    """`version`, or the reason of a rejection."""
    now: str
    """`version`, the reason of a rejection, or `not whole` when pages are wanted that it does not point to."""
    same: bool
    """Whether not a byte differs."""
    changed: tuple[str, ...]
    """Fields that differ, `pressmark.` in front of the archive's own; none if only their spelling does."""
    document: Document | None
    """What the captures give; None when they give nothing whole."""
    correction_key: str | None
    """Where `correct` publishes it; None when there is nothing to correct, or the result is no version."""


class Missing(FindingsFound):
    """There is no such document."""

    def __init__(self, key: str) -> None:
        super().__init__(f"{key} is missing. `pressmark verify` lists what else.")
        self.key = key


@attrs.frozen
class Unreadable:
    """A stored document that can't be made again."""

    key: str
    problem: str
    expired: bool = False
    """A rejection that is gone: they have a lifetime (docs/security.md), and nothing is wrong."""


def documents_of(
    store: Store, manifest_keys: Iterable[str], broken: Callable[[FindingsFound], None] | None = None
) -> list[str]:
    """Return the keys of the versions, silent edits and rejections that runs published, each once.

    Args:
        store: the bucket.
        manifest_keys: of the runs.
        broken: is told of each manifest that can't be read; without it, such a one is raised.
    """
    found: dict[str, None] = {}
    for key in manifest_keys:
        try:
            told = manifest.read(store, key)["objects"]
        except FindingsFound as error:
            if not broken:
                raise
            broken(error)
        else:
            found |= dict.fromkeys(each["key"] for each in told if not each["key"].startswith(keys.WITHDRAWN))
    return list(found)


def rederive_all(store: Store, site: Site, document_keys: Iterable[str]) -> Iterator[Rederived | Unreadable]:
    """Read documents anew from their captures, in their order; one that can't be read harms no other."""
    with ThreadPoolExecutor(THREADS, "rederive") as pool:
        yield from pool.map(lambda key: _rederived(store, site, key), document_keys)


def _rederived(store: Store, site: Site, key: str) -> Rederived | Unreadable:
    try:
        return rederive(store, site, key)
    except Missing as error:
        return Unreadable(key, str(error), expired=error.key == key and key.startswith(keys.REJECTED))
    except (FindingsFound, ValueError, TypeError, LookupError, AttributeError) as error:  # Of what a hand wrote there.
        return Unreadable(key, f"can't be made again: {error}")


def derive(site: Site, captured: Captured) -> Iterator[Draft]:
    """Return what each captured article page becomes: a version, or a rejection.

    An article whose following pages are not all captured behind its first becomes nothing.
    """
    for capture in captured:
        match = site.article_match(capture.url)
        if capture.status == OK and match and not match["page"] and (derived := _derive(site, captured, capture)):
            yield derived


def rederive(store: Store, site: Site, key: str) -> Rederived:
    """Read the captures that a stored version or rejection points to again, and compare.

    Raises:
        FindingsFound: there is no such object, it is not what a run published, or a capture is not where it says.
    """
    try:
        stored = store.get(key)
    except KeyError:
        raise Missing(key) from None
    document = parse(key, stored)
    captures = captures_of(document)
    if not site.article_match(captures[0].url):
        raise FindingsFound(f"{key} points to {captures[0].url}, which is no article of {site.site}.")
    derived = _derive(site, Pointed(store, captures), captures[0])
    made = derived.document if derived else None
    same = made is not None and to_bytes(made) == stored
    # A silent edit is filed beside its version and has no correction: it would take the place of the version's.
    corrects = derived and not same and derived.outcome is Outcome.PUBLISHED and not key.startswith(keys.SILENT_EDITS)
    return Rederived(
        key=key,
        was=_kind(document),
        now=_kind(made) if made else "not whole",
        same=same,
        changed=() if same else tuple(_changed(document, made or {})),
        document=made,
        correction_key=keys.correction(derived.key, made["pressmark"]["layout"])
        if corrects and derived and made
        else None,
    )


def correct(store: Store, found: Rederived) -> bool:
    """Publish a corrected version beside the stored one, which stays; False if it is published already.

    Raises:
        UsageError: the page class was changed and still bears the name of the layout that read the stored one.
    """
    assert found.document
    assert found.correction_key
    if "pressmark.layout" not in found.changed and found.was == found.now:
        raise UsageError(
            f"{found.key}: layout {found.document['pressmark']['layout']!r} reads it otherwise than before. "
            "Raise LAYOUT in its page class, as two readings must not bear one name; if nobody changed that, somebody "
            "edited this document."
        )
    block = {**found.document["pressmark"], "corrects": found.key}
    return bool(store.put_new(found.correction_key, to_bytes({**found.document, "pressmark": block})))


def _derive(site: Site, source: Source, first: Capture) -> Draft | None:
    return asyncio.run(_read(site, source, first))


async def _read(site: Site, source: Source, first: Capture) -> Draft | None:
    match = site.article_match(first.url)
    assert match
    article_id, day = match["id"], keys.day_of_url(match["day"])
    captures = [first]

    async def fetch(url: str) -> HttpResponse:
        found = source.next_of(url, behind=first)
        if not found or found.status != OK:
            raise NotWhole(f"{url} was not captured")
        captures.append(found)
        return _response(source, found)

    page_class = layout_of(site).article_page(first.captured_at)
    try:
        article = clean(await read_article(page_class, site, article_id, _response(source, first), fetch))
        document = draft(article)
        validate(document)
        made = version_draft(site, day, article.version, document)
    except NotWhole:
        return None
    except Exception as error:
        if isinstance(error, PressmarkError) and not isinstance(error, Rejected):
            raise  # The bucket or a capture failed, not the page.
        made = rejection_draft(site, day, article_id, first.url, as_rejection(error))
    return attrs.evolve(made, document=with_captures(made.document, captures))


def _response(source: Source, capture: Capture) -> HttpResponse:
    payload = source.payload(capture)
    return page_response(capture.url, payload.body, capture.status, HttpResponseHeaders(payload.headers))


def _kind(document: Document) -> str:
    return str(document.get("reason", "version"))


def _changed(old: Document, new: Document) -> Iterator[str]:
    for name in sorted(old.keys() | new.keys()):
        if name == "pressmark":
            yield from (f"pressmark.{each}" for each in _changed(old[name], new.get(name, {})))
        elif old.get(name) != new.get(name):
            yield name
