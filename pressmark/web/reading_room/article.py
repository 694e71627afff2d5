"""An article: what was captured of it on a time line, and each version with where it comes from."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import attrs

from pressmark.errors import FindingsFound
from pressmark.model import keys
from pressmark.reader import Document
from pressmark.web.common.captured import Page, page_of
from pressmark.web.common.key_patterns import NotThere, is_document
from pressmark.web.common.repository import Holdings
from pressmark.web.common.version_diff import KINDS, Known, known_of
from pressmark.web.reading_room.addresses import Places
from pressmark.web.reading_room.citation import Citation, citation_of

_WITHDRAWN = keys.WITHDRAWN.rstrip("/")


@attrs.frozen
class Moment:
    """What was captured of an article once: a version, a correction, a silent edit, or that it was gone."""

    known: Known

    @property
    def key(self) -> str:
        """Of the document."""
        return self.known.document.key

    @property
    def withdrawn(self) -> bool:
        """Whether it tells that the article was gone."""
        return self.known.document.kind == _WITHDRAWN

    @property
    def captured_at(self) -> datetime | None:
        """When; None where no capture is told, as of a tombstone that may have none."""
        try:
            return self.known.captured_at
        except FindingsFound:
            return None

    @property
    def status(self) -> int:
        """What the site answered."""
        block = self.known.document.data["pressmark"]
        return int(block["status"] if self.withdrawn else block["captures"][0]["status"])

    @property
    def updated_at(self) -> datetime:
        """The *Updated* time; not of a tombstone."""
        return self.known.document.updated_at


@attrs.frozen(kw_only=True)
class Story:
    """All that is known of an article."""

    site: str
    day: date
    article_id: str
    moments: Sequence[Moment]
    """By the time of their captures, the newest last."""

    @property
    def versions(self) -> Sequence[Moment]:
        """What can be read and compared: all but tombstones."""
        return [each for each in self.moments if not each.withdrawn]

    @property
    def newest(self) -> Moment:
        """The one to show first."""
        return self.versions[-1]

    def before(self, key: str) -> Moment | None:
        """Return what was captured before this version."""
        at = [each.key for each in self.versions].index(key)
        return self.versions[at - 1] if at else None


@attrs.frozen(kw_only=True)
class Reading:
    """One version, with where it comes from."""

    story: Story
    moment: Moment
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
        return self.moment.known.document


def story_of(holdings: Holdings, site: str, day: date, article_id: str) -> Story:
    """Return all that is known of an article; NotThere if that is nothing."""
    where = f"{site}/{day:%Y/%m/%d}/{article_id}"
    known = known_of(holdings, where)
    if not known:
        raise NotThere(where)
    gone = holdings.documents(filter(is_document, holdings.store.keys(f"{keys.WITHDRAWN}{where}/"))).values()
    moments = [Moment(each) for each in [*known, *map(Known, gone)] if not each.problem]
    latest = max(each.captured_at for each in known)
    moments.sort(key=lambda each: each.captured_at or latest)
    return Story(site=site, day=day, article_id=article_id, moments=moments)


def reading_of(holdings: Holdings, places: Places, key: str) -> Reading:
    """Return a version, correction or silent edit.

    Raises:
        NotThere: there is none of this key.
        FindingsFound: its capture is not there, or is not what it should be.
    """
    document = holdings.document(key)
    if document.kind not in KINDS:
        raise NotThere(key)
    site = key.split("/")[1]
    moment = Moment(Known(document))
    if moment.known.problem:
        raise FindingsFound(f"{key} is no version: {moment.known.problem}")
    captured_at = moment.known.captured_at
    return Reading(
        story=story_of(holdings, site, document.day, document.article_id),
        moment=moment,
        page=page_of(holdings, key),
        citation=citation_of(places, document, captured_at),
        sha256=holdings.sha256(key),
        package=package_of(document),
        captures=document.data["pressmark"]["captures"],
    )


def package_of(document: Document, number: int = 1) -> str:
    """Return the key of the package that a capture of a document is in."""
    captures = document.data["pressmark"]["captures"]
    _, site, year, month, day, _ = captures[number - 1]["warc"].split("/")
    return keys.package(site, date(int(year), int(month), int(day)))
