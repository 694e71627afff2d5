"""The reader of an archive's bucket, for downstream jobs. It only needs the extra `reader`, not the crawler.

reader = Reader.open("chinadaily", bucket="my-archive")
for changes in reader.changes(since=stored_cursor):
    for version in reader.read(changes.versions):
        ...
    store(changes.cursor)
"""

import logging
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date, timedelta
from itertools import islice
from typing import Self

import attrs

from pressmark.archive.bucket import cursor as cursors
from pressmark.archive.bucket import manifest
from pressmark.archive.bucket.manifest_model import Manifest
from pressmark.archive.s3.store import THREADS, Store
from pressmark.archive.warc.response import Response, member_of, response_of
from pressmark.config import Config
from pressmark.errors import FindingsFound, UsageError
from pressmark.model import keys, object_id, strict_json
from pressmark.model.diff import Difference, Document, diff

__all__ = ["Changes", "Difference", "Document", "Reader", "Response", "diff"]

_TOGETHER = 8
"""Documents in one task of a thread."""
_AROUND = range(-1, 3)
"""Possible days in the URL relative to an article's creation, UTC: for any time zone, and a delay of one day."""
_FILE_NAME = re.compile(r"/(([A-Za-z0-9_-]+?)(?:_\d+)?)(?:\.html?)?$")
"""The end of a page's path: with and without a page number, e.g. `WS1_2.html`."""

logger = logging.getLogger(__name__)


@attrs.frozen
class Changes:
    """What one run added to the bucket: keys of documents for `Reader.read`."""

    manifest: Manifest = attrs.field(repr=False)
    """The manifest of the run."""
    cursor: str
    """Store it after processing these changes: `Reader.changes(since=cursor)` continues after them."""

    @property
    def keys(self) -> tuple[str, ...]:
        """All documents."""
        return tuple(each.key for each in self.manifest.objects)

    @property
    def versions(self) -> tuple[str, ...]:
        """New versions of articles."""
        return self._of(keys.ARTICLES)

    @property
    def silent_edits(self) -> tuple[str, ...]:
        """Other content under a known *Updated* time."""
        return self._of(keys.SILENT_EDITS)

    @property
    def withdrawn(self) -> tuple[str, ...]:
        """Tombstones."""
        return self._of(keys.WITHDRAWN)

    @property
    def rejected(self) -> tuple[str, ...]:
        """Pages that could not become an article."""
        return self._of(keys.REJECTED)

    def _of(self, prefix: str) -> tuple[str, ...]:
        return tuple(key for key in self.keys if key.startswith(prefix))


@attrs.frozen
class Reader:
    """One site's archive. Thread-safe.

    All methods raise BucketError when the bucket can't be used, and FindingsFound for an object that breaks the
    contract.
    """

    store: Store
    site: str

    @classmethod
    def open(cls, site: str, *, bucket: str | None = None) -> Self:
        """Connect with the standard AWS variables; the default bucket is `PRESSMARK_BUCKET`.

        Raises:
            BucketError: the server does not answer, wrong keys, or no such bucket.
        """
        config = Config.read()
        return cls(Store.open(attrs.evolve(config, bucket=bucket or config.bucket)), site)

    def versions(
        self, article: str, broken: Callable[[FindingsFound], None] | None = None, *, day: date | None = None
    ) -> list[Document]:
        """Return all versions of an article, oldest first; of a version that was re-read, the newest reading.

        Args:
            article: its URL or its id.
            broken: as in `read`.
            day: the day in the article's URL; an id needs it, unless the id is an ObjectId, which contains its day.

        Raises:
            UsageError: the day is unknown.
        """
        return list(self.read(self._newest_readings(*_candidates(article, day)), broken))

    def silent_edits(
        self, article: str, broken: Callable[[FindingsFound], None] | None = None, *, day: date | None = None
    ) -> list[Document]:
        """Return the silent edits of an article: other content under the same *Updated* times. See `versions`."""
        days, ids = _candidates(article, day)
        listed = (key for each in days for key in self._listed(keys.SILENT_EDITS, each, ids))
        return list(self.read(listed, broken))

    def latest(self, day: date) -> Iterator[Document]:
        """Return the newest version of each article of a day (the day in the URLs), ordered by article id."""
        newest = {keys.article_of(key): key for key in self._newest_readings([f"{day:%Y/%m/%d}"])}
        return self.read(newest.values())

    def of_day(self, day: date, broken: Callable[[FindingsFound], None] | None = None) -> Iterator[Document]:
        """Return all versions of a day (the day in the URLs), ordered by article id and *Updated* time.

        `broken` is as in `read`.
        """
        return self.read(self._newest_readings([f"{day:%Y/%m/%d}"]), broken)

    def changes(self, since: str | None = None) -> Iterator[Changes]:
        """Return what the site's runs added, run by run, without gaps and duplicates.

        Only committed runs are returned. Overlapping runs are found whenever they end, up to a week later. A broken
        manifest is left out with a warning until it is repaired.

        Args:
            since: a cursor of earlier changes; or the key of a manifest, for all later commits; None: everything.

        Raises:
            UsageError: it is neither, or belongs to another site.
            KeyError: the manifest does not exist.
        """
        if since and since.startswith(f"{keys.RUNS}{self.site}/"):
            position = cursors.after(self.store, self.site, since)
        else:
            try:
                position = cursors.Cursor.parse(self.site, since)
            except ValueError as error:
                raise UsageError(str(error)) from error
        for key in position.unread(self.store):
            try:
                added = manifest.read_listed(self.store, key)
            except FindingsFound as error:  # It stays unread, and is returned once it is repaired.
                logger.warning("left out: %s", error)
                continue
            position = position.with_read(key)
            yield Changes(added, str(position))

    def keys_for_urls(self, urls: Iterable[str]) -> list[str]:
        """Return the keys of articles' versions and silent edits; URLs of other pages are skipped.

        Args:
            urls: URLs of any pages of the articles.
        """
        wanted: dict[str, set[str]] = {}
        for url in urls:
            if found := _in_url(url):
                day, ids = found
                wanted.setdefault(day, set()).update(ids)
        document_keys = []
        for day, wanted_ids in sorted(wanted.items()):
            listed = [*self._newest_readings([day]), *self._listed(keys.SILENT_EDITS, day)]
            document_keys += [key for key in listed if keys.article_of(key) in wanted_ids]
        return document_keys

    def read(
        self, document_keys: Iterable[str], broken: Callable[[FindingsFound], None] | None = None
    ) -> Iterator[Document]:
        """Read documents in parallel, and return them in the order of the keys.

        Expired rejections are left out.

        Args:
            document_keys: keys of the documents.
            broken: called for each missing or unreadable document, which is left out then. None: the first of these
                errors is raised.
        """
        waiting: deque[Future[list[Document]]] = deque()
        wanted = iter(document_keys)
        with ThreadPoolExecutor(THREADS, "reader") as pool:
            while some := list(islice(wanted, _TOGETHER)):
                waiting.append(pool.submit(self._read_some, some, broken))
                if len(waiting) == 2 * THREADS:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()

    def capture(self, document: Document, page: int = 1) -> Response:
        """Return the HTTP response of a page of an article.

        Raises:
            UsageError: the article has fewer pages.
            FindingsFound: its record is missing.
        """
        captures = document.data["pressmark"]["captures"]
        if not 0 < page <= len(captures):
            raise UsageError(f"{document.key} has {len(captures)} pages; there is no page {page}")
        pointed = captures[page - 1]
        member = member_of(self.store, *(pointed[name] for name in ("warc", "offset", "length", "url")))
        try:
            return response_of(member)
        except ValueError as error:
            raise FindingsFound(f"{pointed['warc']}, byte {pointed['offset']}: {error}") from error

    def _read_some(self, document_keys: list[str], broken: Callable[[FindingsFound], None] | None) -> list[Document]:
        found = []
        for key in document_keys:
            try:
                found.append(self._read(key))
            except FindingsFound as error:
                if not broken:
                    raise
                broken(error)
        return [document for document in found if document]

    def _read(self, key: str) -> Document | None:
        try:
            document = strict_json.load_object(self.store.get(key, most=strict_json.MOST))
        except KeyError:
            if key.startswith(keys.REJECTED):
                return None
            raise FindingsFound(f"{key} is missing. `pressmark verify` lists other problems.") from None
        except strict_json.InvalidJson as error:
            raise FindingsFound(f"{key} is no document: {error}. `pressmark verify` lists other problems.") from None
        return Document(key, document)

    def _newest_readings(self, days: Iterable[str], ids: Iterable[str] = ()) -> list[str]:
        """Return one key per version of these days, ordered by article and *Updated* time; without ids, of all."""
        found: dict[str, str] = {}
        for day in days:
            found |= {keys.version_of(key): key for key in self._listed(keys.ARTICLES, day, ids)}
            corrections = sorted(self._listed(keys.CORRECTIONS, day, ids), key=_layout_number)
            found |= {keys.version_of(key): key for key in corrections}
        return [found[version] for version in sorted(found)]

    def _listed(self, prefix: str, day: str, ids: Iterable[str] = ()) -> Iterator[str]:
        folder = f"{prefix}{self.site}/{day}/"
        for each in [f"{folder}{article_id}/" for article_id in ids] or [folder]:
            yield from self.store.keys(each)


def _candidates(article: str, day: date | None) -> tuple[list[str], list[str]]:
    """Return the days and the ids under which an article may be stored."""
    if found := _in_url(article):
        return [found[0]], found[1]
    if day:
        return [keys.day_of(day)], [article]
    try:
        created = object_id.created_at(article)
    except ValueError:
        raise UsageError(
            f"{article!r} is neither the URL of an article nor an id that contains its day. Give its URL."
        ) from None
    return [keys.day_of(created + timedelta(days=days)) for days in _AROUND], [article]


def _in_url(url: str) -> tuple[str, list[str]] | None:
    """Return the day in the URL of a page, and the ids that it may contain; None for a URL without a day."""
    path = url.partition("#")[0].partition("?")[0]
    day, name = keys.day_in_url(path), _FILE_NAME.search(path)
    return (day, sorted(set(name.groups()))) if day and name else None


def _layout_number(key: str) -> int:
    number = key.removesuffix(".json").rpartition("-")[2]
    return int(number) if number.isdecimal() else 0
