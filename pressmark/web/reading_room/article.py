"""An article: its versions on a timeline, and the provenance of each."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import attrs

from pressmark.errors import FindingsFound
from pressmark.model import keys
from pressmark.reader import Document
from pressmark.web.common.captured import Page, captured_page
from pressmark.web.common.key_patterns import NotFound, is_document
from pressmark.web.common.repository import Repository
from pressmark.web.common.version_diff import KINDS, CapturedVersion, captured_versions
from pressmark.web.reading_room.addresses import Origins
from pressmark.web.reading_room.citation import Citation, citation_of

_WITHDRAWN = keys.WITHDRAWN.rstrip("/")


@attrs.frozen
class TimelineEntry:
    """An entry of the timeline: a version, correction, silent edit or tombstone."""

    version: CapturedVersion

    @property
    def key(self) -> str:
        """Key of the document."""
        return self.version.document.key

    @property
    def withdrawn(self) -> bool:
        """Whether it is a tombstone: the article was gone from the site."""
        return self.version.document.kind == _WITHDRAWN

    @property
    def captured_at(self) -> datetime | None:
        """Capture time; None if the document has none, as some tombstones."""
        try:
            return self.version.captured_at
        except FindingsFound:
            return None

    @property
    def status(self) -> int:
        """HTTP status of the site's response."""
        block = self.version.document.data["pressmark"]
        return int(block["status"] if self.withdrawn else block["captures"][0]["status"])

    @property
    def updated_at(self) -> datetime:
        """The *Updated* time; tombstones have none."""
        return self.version.document.updated_at


@attrs.frozen(kw_only=True)
class ArticleHistory:
    """An article with all versions and tombstones."""

    site: str
    day: date
    article_id: str
    entries: Sequence[TimelineEntry]
    """By capture time, the newest last."""

    @property
    def versions(self) -> Sequence[TimelineEntry]:
        """Entries that can be read and compared: all but tombstones."""
        return [each for each in self.entries if not each.withdrawn]

    @property
    def newest(self) -> TimelineEntry:
        """The newest version."""
        return self.versions[-1]

    def before(self, key: str) -> TimelineEntry | None:
        """Return the version captured before this one."""
        at = [each.key for each in self.versions].index(key)
        return self.versions[at - 1] if at else None


@attrs.frozen(kw_only=True)
class VersionDetails:
    """One version with its provenance."""

    history: ArticleHistory
    entry: TimelineEntry
    page: Page
    """Capture of its first page."""
    citation: Citation
    sha256: str
    """SHA-256 of its JSON, hex."""
    package: str
    """Key of the package with its capture."""
    captures: Sequence[dict[str, Any]]
    """Pointers to its captures, page by page."""

    @property
    def document(self) -> Document:
        """The document of the version."""
        return self.entry.version.document


def article_history(repository: Repository, site: str, day: date, article_id: str) -> ArticleHistory:
    """Return an article's history; NotFound if no version is known."""
    path = f"{site}/{day:%Y/%m/%d}/{article_id}"
    known = captured_versions(repository, path)
    if not known:
        raise NotFound(path)
    gone = repository.documents(filter(is_document, repository.store.keys(f"{keys.WITHDRAWN}{path}/"))).values()
    entries = [TimelineEntry(each) for each in [*known, *map(CapturedVersion, gone)] if not each.problem]
    latest = max(each.captured_at for each in known)
    entries.sort(key=lambda each: each.captured_at or latest)
    return ArticleHistory(site=site, day=day, article_id=article_id, entries=entries)


def version_details(repository: Repository, origins: Origins, key: str) -> VersionDetails:
    """Return a version, correction or silent edit.

    Raises:
        NotFound: it does not exist.
        FindingsFound: it is invalid, or its capture is missing or damaged.
    """
    document = repository.document(key)
    if document.kind not in KINDS:
        raise NotFound(key)
    site = key.split("/")[1]
    entry = TimelineEntry(CapturedVersion(document))
    if entry.version.problem:
        raise FindingsFound(f"{key} is no valid version: {entry.version.problem}")
    captured_at = entry.version.captured_at
    return VersionDetails(
        history=article_history(repository, site, document.day, document.article_id),
        entry=entry,
        page=captured_page(repository, key),
        citation=citation_of(origins, document, captured_at),
        sha256=repository.sha256(key),
        package=package_of(document),
        captures=document.data["pressmark"]["captures"],
    )


def package_of(document: Document, number: int = 1) -> str:
    """Return the key of the package that contains a capture of a document."""
    captures = document.data["pressmark"]["captures"]
    _, site, year, month, day, _ = captures[number - 1]["warc"].split("/")
    return keys.package(site, date(int(year), int(month), int(day)))
