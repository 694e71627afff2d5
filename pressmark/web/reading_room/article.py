"""An article: what was captured of it on a time line, and each version with where it comes from."""

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
    """What was captured of an article once: a version, a correction, a silent edit, or that it was gone."""

    version: CapturedVersion

    @property
    def key(self) -> str:
        """Of the document."""
        return self.version.document.key

    @property
    def withdrawn(self) -> bool:
        """Whether it tells that the article was gone."""
        return self.version.document.kind == _WITHDRAWN

    @property
    def captured_at(self) -> datetime | None:
        """When; None where no capture is told, as of a tombstone that may have none."""
        try:
            return self.version.captured_at
        except FindingsFound:
            return None

    @property
    def status(self) -> int:
        """What the site answered."""
        block = self.version.document.data["pressmark"]
        return int(block["status"] if self.withdrawn else block["captures"][0]["status"])

    @property
    def updated_at(self) -> datetime:
        """The *Updated* time; not of a tombstone."""
        return self.version.document.updated_at


@attrs.frozen(kw_only=True)
class ArticleHistory:
    """All that is known of an article."""

    site: str
    day: date
    article_id: str
    entries: Sequence[TimelineEntry]
    """By the time of their captures, the newest last."""

    @property
    def versions(self) -> Sequence[TimelineEntry]:
        """What can be read and compared: all but tombstones."""
        return [each for each in self.entries if not each.withdrawn]

    @property
    def newest(self) -> TimelineEntry:
        """The one to show first."""
        return self.versions[-1]

    def before(self, key: str) -> TimelineEntry | None:
        """Return what was captured before this version."""
        at = [each.key for each in self.versions].index(key)
        return self.versions[at - 1] if at else None


@attrs.frozen(kw_only=True)
class VersionDetails:
    """One version, with where it comes from."""

    history: ArticleHistory
    entry: TimelineEntry
    page: Page
    """The capture of its first page."""
    citation: Citation
    sha256: str
    """Of its JSON, hex."""
    package: str
    """Key of the package of the day of its capture."""
    captures: Sequence[dict[str, Any]]
    """As the document names them, page by page."""

    @property
    def document(self) -> Document:
        """The version itself."""
        return self.entry.version.document


def article_history(repository: Repository, site: str, day: date, article_id: str) -> ArticleHistory:
    """Return all that is known of an article; NotThere if that is nothing."""
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
        NotFound: there is none of this key.
        FindingsFound: its capture is not there, or is not what it should be.
    """
    document = repository.document(key)
    if document.kind not in KINDS:
        raise NotFound(key)
    site = key.split("/")[1]
    entry = TimelineEntry(CapturedVersion(document))
    if entry.version.problem:
        raise FindingsFound(f"{key} is no version: {entry.version.problem}")
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
    """Return the key of the package that a capture of a document is in."""
    captures = document.data["pressmark"]["captures"]
    _, site, year, month, day, _ = captures[number - 1]["warc"].split("/")
    return keys.package(site, date(int(year), int(month), int(day)))
