"""Re-derivation: many documents read again from their captures, and corrected where they differ."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import attrs

from pressmark.archive.bucket import manifest
from pressmark.archive.s3.store import THREADS, Store
from pressmark.crawl.derive import EXTRACTOR, DocumentNotFound, Rederived, rederive
from pressmark.errors import FindingsFound, ReadingFailed, UsageError
from pressmark.extract.page_reader import PageReader
from pressmark.model import keys
from pressmark.model.document import to_bytes
from pressmark.sites.site import Site

OTHER_READER = {"pressmark.layout", f"pressmark.{EXTRACTOR}"}
"""One of these fields differs if another reader read the document."""


@attrs.frozen
class Unreadable:
    """A stored document that can't be re-derived."""

    key: str
    problem: str
    expired: bool = False
    """A missing rejection: they expire (docs/security.md), and nothing is wrong."""


def documents_of(
    store: Store, manifest_keys: Iterable[str], broken: Callable[[FindingsFound], None] | None = None
) -> list[str]:
    """Return the keys of the versions, silent edits and rejections that runs published, each once.

    Args:
        store: the bucket.
        manifest_keys: of the runs.
        broken: gets the error of each manifest that can't be read; without it, the error is raised.
    """
    found: dict[str, None] = {}
    for key in manifest_keys:
        try:
            listed = manifest.read_listed(store, key).objects
        except FindingsFound as error:
            if not broken:
                raise
            broken(error)
        else:
            found |= dict.fromkeys(each.key for each in listed if not each.key.startswith(keys.WITHDRAWN))
    return list(found)


def rederive_all(store: Store, site: Site, document_keys: Iterable[str]) -> Iterator[Rederived | Unreadable]:
    """Re-read documents from their captures, in their order; one that can't be read does not affect the others."""
    with PageReader(site) as reader, ThreadPoolExecutor(THREADS, "rederive") as pool:
        yield from pool.map(lambda key: _rederive_one(store, site, key, reader), document_keys)


def _rederive_one(store: Store, site: Site, key: str, reader: PageReader) -> Rederived | Unreadable:
    try:
        return rederive(store, site, key, reader)
    except DocumentNotFound as error:
        return Unreadable(key, str(error), expired=error.key == key and key.startswith(keys.REJECTED))
    except (
        FindingsFound,
        ReadingFailed,
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
    ) as error:  # From an edited document.
        return Unreadable(key, f"can't be made again: {error}")


def correct(store: Store, found: Rederived) -> bool:
    """Publish a corrected version beside the stored one, which stays; False if it was published before.

    Raises:
        UsageError: the page class changed and still has the layout name that read the stored one.
    """
    assert found.document
    assert found.correction_key
    if not OTHER_READER & set(found.changed) and found.was == found.now:
        raise UsageError(
            f"{found.key}: layout {found.document['pressmark']['layout']!r} reads it differently than before. "
            "Raise LAYOUT in its page class: two readings must not have one name. If nobody changed the class, "
            "somebody edited this document."
        )
    block = {**found.document["pressmark"], "corrects": found.key}
    return bool(store.put_new(found.correction_key, to_bytes({**found.document, "pressmark": block})))
