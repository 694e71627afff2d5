"""The reader: an archive's bucket as a downstream job sees it. It needs the extra `reader` alone, no crawler.

reader = Reader.open("chinadaily", bucket="my-archive")
for changes in reader.changes(since=stored_cursor):
    for version in reader.read(changes.versions):
        ...
    store(changes.cursor)
"""

import logging
import os
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
"""Documents that a thread fetches in one go."""
_AROUND = range(-1, 3)
"""Days around an article's creation, UTC, in which the day of its URL lies: whatever its zone, and a day's delay."""
_DAY_OF_URL = re.compile(r"/(\d{4}-?\d{2}/\d{2})/")
_ID_OF_URL = re.compile(r"/([A-Za-z0-9-]+)(?:_\d+)?\.html?$")

logger = logging.getLogger(__name__)


@attrs.frozen
class Changes:
    """What one run added to the bucket: keys of documents, to be had by `Reader.read`."""

    manifest: Manifest = attrs.field(repr=False)
    """Of the run."""
    cursor: str
    """Store it when these changes are dealt with: `Reader.changes(since=cursor)` goes on behind them."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Every document."""
        return tuple(said.key for said in self.manifest.objects)

    @property
    def versions(self) -> tuple[str, ...]:
        """New versions of articles."""
        return self._of(keys.ARTICLES)

    @property
    def silent_edits(self) -> tuple[str, ...]:
        """Other content under an *Updated* time that was known."""
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
    """One site's archive. Safe to use from several threads.

    All methods raise BucketError when the bucket can't be used, and FindingsFound for an object that is not what the
    contract says.
    """

    store: Store
    site: str

    @classmethod
    def open(cls, site: str, *, bucket: str | None = None) -> Self:
        """Connect by the standard AWS variables; without a name the bucket is that of `PRESSMARK_BUCKET`.

        Raises:
            BucketError: nobody answers, wrong keys, or no such bucket.
        """
        config = Config.from_env(os.environ)
        return cls(Store.open(attrs.evolve(config, bucket=bucket or config.bucket)), site)

    def versions(self, article: str, broken: Callable[[FindingsFound], None] | None = None) -> list[Document]:
        """Return all versions of an article, oldest first; of a version that was read anew, the newest reading.

        Args:
            article: its URL; or its id, if that is an ObjectId and so tells the day to look in.
            broken: as in `read`.

        Raises:
            UsageError: it is neither.
        """
        return list(self.read(self._newest_readings(*_of(article)), broken))

    def silent_edits(self, article: str, broken: Callable[[FindingsFound], None] | None = None) -> list[Document]:
        """Return what an article said besides its versions, under the same *Updated* times; arguments as `versions`."""
        days, article_id = _of(article)
        listed = (key for day in days for key in self._listed(keys.SILENT_EDITS, day, article_id))
        return list(self.read(listed, broken))

    def latest(self, day: date) -> Iterator[Document]:
        """Return the newest version of each article of a day, by article id; the day is that in the articles' URLs."""
        newest = {keys.article_of(key): key for key in self._newest_readings([f"{day:%Y/%m/%d}"])}
        return self.read(newest.values())

    def of_day(self, day: date, broken: Callable[[FindingsFound], None] | None = None) -> Iterator[Document]:
        """Return all versions of a day, in the order of article ids and *Updated* times; the day as in `latest`.

        `broken` is that of `read`.
        """
        return self.read(self._newest_readings([f"{day:%Y/%m/%d}"]), broken)

    def changes(self, since: str | None = None) -> Iterator[Changes]:
        """Return what the site's runs added, run by run: none is left out and none comes twice.

        Only whole runs are told of. Runs that end while others go on are found whenever they end, up to a week later.
        A manifest that somebody broke is left out with a warning until it is repaired.

        Args:
            since: a cursor of earlier changes; or the key of a manifest: all that was committed after it; None: all.

        Raises:
            UsageError: it is neither, or of another site.
            KeyError: there is no such manifest.
        """
        if since and since.startswith(f"{keys.RUNS}{self.site}/"):
            behind = cursors.after(self.store, self.site, since)
        else:
            try:
                behind = cursors.Cursor.parse(self.site, since)
            except ValueError as error:
                raise UsageError(str(error)) from error
        for key in behind.unread(self.store):
            try:
                told = manifest.read_listed(self.store, key)
            except FindingsFound as error:  # It stays ahead of the cursor, and is told of once it is mended.
                logger.warning("left out: %s", error)
                continue
            behind = behind.with_read(key)
            yield Changes(told, str(behind))

    def keys_for_urls(self, urls: Iterable[str]) -> list[str]:
        """Return the keys of what articles said, versions and silent edits; pages of no article are passed over.

        Args:
            urls: of any pages of theirs.
        """
        wanted: dict[str, set[str]] = {}
        for url in urls:
            if named := _named(url):
                day, article_id = named
                wanted.setdefault(day, set()).add(article_id)
        found = []
        for day, ids in sorted(wanted.items()):
            listed = [*self._newest_readings([day]), *self._listed(keys.SILENT_EDITS, day, "")]
            found += [key for key in listed if keys.article_of(key) in ids]
        return found

    def read(
        self, document_keys: Iterable[str], broken: Callable[[FindingsFound], None] | None = None
    ) -> Iterator[Document]:
        """Read documents, several at a time, and return them in the order of their keys given.

        Rejections that have expired are left out.

        Args:
            document_keys: of the documents.
            broken: is told of each document that is missing or can't be read, and which is left out then. None: the
                first of them is raised.
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
        """Return the HTTP response from which a page of an article was read.

        Raises:
            UsageError: the article has fewer pages.
            FindingsFound: its record is not there.
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
            raise FindingsFound(f"{key} is missing. `pressmark verify` lists what else.") from None
        except strict_json.InvalidJson as error:
            raise FindingsFound(f"{key} is no document: {error}. `pressmark verify` lists what else.") from None
        return Document(key, document)

    def _newest_readings(self, days: Iterable[str], article_id: str = "") -> list[str]:
        """Return one key per version of these days, in the order of articles and *Updated* times."""
        found: dict[str, str] = {}
        for day in days:
            found |= {keys.version_of(key): key for key in self._listed(keys.ARTICLES, day, article_id)}
            corrections = sorted(self._listed(keys.CORRECTIONS, day, article_id), key=_layout_number)
            found |= {keys.version_of(key): key for key in corrections}
        return [found[version] for version in sorted(found)]

    def _listed(self, prefix: str, day: str, article_id: str) -> Iterator[str]:
        return self.store.keys(f"{prefix}{self.site}/{day}/{article_id and article_id + '/'}")


def _of(article: str) -> tuple[list[str], str]:
    """Return the days to look for an article in, and its id."""
    if named := _named(article):
        return [named[0]], named[1]
    try:
        created = object_id.created_at(article)
    except ValueError:
        raise UsageError(f"{article!r} is no URL of an article, nor an id that tells its day. Give its URL.") from None
    return [keys.day_of(created + timedelta(days=days)) for days in _AROUND], article


def _named(url: str) -> tuple[str, str] | None:
    """Return the day (`YYYY/MM/DD`) and the id that the path of an article's URL tells; None of any other."""
    path = url.partition("#")[0].partition("?")[0]
    day, named = _DAY_OF_URL.search(path), _ID_OF_URL.search(path)
    return (keys.day_of_url(day[1]), named[1]) if day and named else None


def _layout_number(key: str) -> int:
    number = key.removesuffix(".json").rpartition("-")[2]
    return int(number) if number.isdecimal() else 0
