"""Runs and documents of all sites, read from the bucket for console and reading room. Recent ones are cached."""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Generic, Self, TypeVar

import attrs

from pressmark.archive.bucket import manifest
from pressmark.archive.s3.store import Store
from pressmark.config import Config
from pressmark.errors import FindingsFound
from pressmark.model import strict_json
from pressmark.monitoring.history import History, PastRun
from pressmark.reader import Document, Reader
from pressmark.sites.site_files import Sites, load_sites
from pressmark.web.common.key_patterns import NotFound, section_of_manifest, site_of_document

RUNS = 1000
"""Runs of a section that the console reads at most."""
PATIENCE = 1.0
"""Seconds to wait for a bucket that is away. Somebody waits for the page."""
ANSWERED_WITHIN = 10.0
"""Seconds to wait for a response of the bucket, for the same reason."""
_MANIFESTS, _DOCUMENTS, _SITES = 64, 1024, 1024
_SECONDS = 60.0
"""Seconds to cache a document: one that was taken down disappears from all pages after that time."""
_LARGE = 200_000
"""Documents with more characters are not cached."""

Value = TypeVar("Value")


@attrs.frozen
class LRUCache(Generic[Value]):
    """The most recently used values, by bucket key. Objects under these keys do not change. Thread-safe."""

    most: int
    seconds: float = float("inf")
    """Lifetime of a value: content that was taken down must disappear."""
    _values: dict[str, tuple[float, Value]] = attrs.field(factory=dict, init=False, repr=False)
    _lock: Lock = attrs.field(factory=Lock, init=False, repr=False, eq=False)

    def get(self, key: str) -> Value | None:
        """Return a value, or None."""
        with self._lock:
            kept = self._values.pop(key, None)
            if not kept or kept[0] < time.monotonic() - self.seconds:
                return None
            self._values[key] = kept  # The most recently used comes last.
            return kept[1]

    def put(self, key: str, value: Value) -> None:
        """Store a value. The least recently used one is dropped if there are too many."""
        with self._lock:
            self._values[key] = time.monotonic(), value
            while len(self._values) > self.most:
                del self._values[next(iter(self._values))]


@attrs.frozen
class Repository:
    """Read access to the archive for web pages; one per process. Thread-safe.

    Methods that read raise BucketError if the bucket can't be used.
    """

    store: Store
    folder: Path | None
    """Folder of the user's own site files."""
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    _histories: dict[str, History] = attrs.field(factory=dict, init=False, repr=False)
    _manifests: LRUCache[manifest.Manifest] = attrs.field(factory=lambda: LRUCache(_MANIFESTS), init=False, repr=False)
    _sections: LRUCache[tuple[str, ...]] = attrs.field(
        factory=lambda: LRUCache(_SITES, _SECONDS), init=False, repr=False
    )
    _documents: LRUCache[Document] = attrs.field(factory=lambda: LRUCache(_DOCUMENTS, _SECONDS), init=False, repr=False)

    @classmethod
    def open(cls) -> Self:
        """Return a repository of the bucket that the environment names, without a request to it.

        Raises:
            UsageError: a variable is invalid.
            BucketRefused: S3 is not set up.
        """
        config = Config.read()
        return cls(Store.connect(attrs.evolve(config, patience=PATIENCE), ANSWERED_WITHIN), config.sites)

    def sites(self) -> Sites:
        """Read the site files; they may change while Airflow runs."""
        return load_sites(self.folder)

    def runs(self, site: str, section: str) -> list[PastRun]:
        """Return a section's last runs, newest first."""
        return self._history(site).newest(section, RUNS, self.clock())

    def sections(self, site: str) -> tuple[str, ...]:
        """Return the sections of a site that have runs, at most a minute old."""
        found = self._sections.get(site)
        if found is None:
            found = tuple(manifest.sections(self.store, site))
            self._sections.put(site, found)
        return found

    def broken(self, site: str, section: str) -> dict[str, str]:
        """Return the errors of the section's manifests that `runs` left out, by key."""
        return self._history(site).broken(section)

    def manifest(self, key: str) -> manifest.Manifest:
        """Return a run's manifest.

        Raises:
            NotFound: it does not exist.
            FindingsFound: it is invalid.
        """
        section_of_manifest(key)
        found = self._manifests.get(key)
        if found is None:
            with _looking_for(key):
                found = manifest.read(self.store, key)
            self._manifests.put(key, found)
        return found

    def document(self, key: str) -> Document:
        """Return a document.

        Raises:
            NotFound: it does not exist.
            FindingsFound: it is no JSON object.
        """
        site_of_document(key)
        if document := self._documents.get(key):
            return document
        with _looking_for(key):
            data = self.store.get(key, most=strict_json.MOST)
        try:
            document = Document(key, strict_json.load_object(data))
        except strict_json.InvalidJson as error:
            raise FindingsFound(f"{key} is no document: {error}") from None
        self._keep(document)
        return document

    def sha256(self, key: str) -> str:
        """Return the SHA-256 (hex) of a document's JSON as currently stored.

        Raises:
            NotFound: it does not exist any more.
        """
        with _looking_for(key):
            return hashlib.sha256(self.store.get(key, most=strict_json.MOST)).hexdigest()

    def documents(
        self, wanted: Iterable[str], broken: Callable[[FindingsFound], None] = lambda error: None
    ) -> dict[str, Document]:
        """Return documents of one site by key. Several are read at a time.

        Expired rejections and documents that can't be read are left out, so that they do not fail a page of many.

        Args:
            wanted: keys.
            broken: called for each document that is missing or no JSON object.

        Raises:
            NotFound: no document can have such a key.
        """
        found = {key: self._documents.get(key) for key in wanted}
        unknown = [key for key, document in found.items() if document is None]
        if unknown:
            for document in self.reader(site_of_document(unknown[0])).read(unknown, broken):
                self._keep(document)
                found[document.key] = document
        return {key: document for key, document in found.items() if document}

    def _keep(self, document: Document) -> None:
        if sum(len(value) for value in document.data.values() if isinstance(value, str)) <= _LARGE:
            self._documents.put(document.key, document)

    def reader(self, site: str) -> Reader:
        """Return the reader of a site's archive."""
        return Reader(self.store, site)

    def _history(self, site: str) -> History:
        return self._histories.setdefault(site, History(self.store, site))


@contextmanager
def _looking_for(key: str) -> Iterator[None]:
    try:
        yield
    except KeyError:
        raise NotFound(key) from None
