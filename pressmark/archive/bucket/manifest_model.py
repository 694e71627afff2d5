"""The model of a run's manifest; docs/schema.md explains its fields (`schemas/manifest-1.json`).

A new field needs one line here, with a default, as older manifests do not have it, and one in the schema.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import attrs

from pressmark.model import schema
from pressmark.model.json_model import JsonModel, key
from pressmark.model.strict_json import InvalidJson

if TYPE_CHECKING:  # It imports boto3, which DAG parsing must not.
    from pressmark.archive.s3.store import Stored

COMPLETE, INTERRUPTED, FAILED = "complete", "interrupted", "failed"
"""How a run can end."""
NEWEST, SEARCH = "newest", "search"
"""Scopes that readers of manifests distinguish."""


@attrs.frozen(kw_only=True)
class ListedObject(JsonModel):
    """An object that a run wrote."""

    key: str = attrs.field(metadata={"read": key})
    size: int
    """Bytes."""
    sha256: str
    """Hex."""

    @classmethod
    def of(cls, stored: "Stored") -> "ListedObject":
        """Return the entry of a stored object."""
        return ListedObject(key=stored.key, size=stored.size, sha256=stored.sha256)


@attrs.frozen(kw_only=True)
class ListedSegment(ListedObject):
    """A WARC file and its index."""

    records: int
    index: ListedObject


@attrs.frozen(kw_only=True)
class SeenArticle(JsonModel):
    """An article that a run saw, with its outcome."""

    article_id: str
    url: str
    outcome: str
    """An `Outcome`, or one of a later release."""
    reason: str | None = None
    message: str | None = None
    key: str | None = None
    """Key of the published document, or of the document that was there before."""


@attrs.frozen(kw_only=True)
class HostRequests(JsonModel):
    """Number of requests of a run to one host."""

    host: str
    number: int
    busiest_minute: int


@attrs.frozen(kw_only=True)
class RecoveredWork(JsonModel):
    """What a run published for earlier runs."""

    segments: int = 0
    published: int = 0
    """Versions."""
    bytes_cut: int = 0


@attrs.frozen(kw_only=True)
class SetAsideFile(JsonModel):
    """An unreadable file of the spool."""

    file: str
    """Its original name."""
    reason: str
    since: datetime
    size: int
    """Bytes."""
    records: int
    """Number of its readable records."""
    salvaged: tuple[str, ...]
    """File names of the segments with these records."""


@attrs.frozen(kw_only=True)
class RunParameters(JsonModel):
    """The stored form of a run's `Scope`."""

    scope: str = NEWEST
    pages: int | None = None
    first_page: int | None = None
    since: str | None = None
    """A day, `2022-02-18`."""
    until: str | None = None
    article: str | None = None
    recheck: bool = False
    requests_per_minute: int | None = None


@attrs.frozen(kw_only=True)
class Manifest(JsonModel):
    """One crawl of one section: what it saw, and what it wrote to the bucket."""

    schema: str
    run_id: str
    site: str
    section: str
    started_at: datetime
    """UTC, as all times of a manifest."""
    ended_at: datetime
    ended: str
    """`complete`, `interrupted` or `failed`."""
    reason: str | None
    """Why it failed, for people."""
    failure: str | None = None
    """Class name of the error."""
    caught_up: bool
    software: str
    parameters: RunParameters
    counts: Mapping[str, int]
    """`listing_pages`, `seen`, `not_due` and each outcome."""
    newly_rejected: int
    requisites: Mapping[str, int] = attrs.field(factory=dict)
    """By `captured`, `failed` and `left_out`."""
    recovered: RecoveredWork
    spool: str | None = None
    """ID of its spool."""
    set_aside: tuple[SetAsideFile, ...] = ()
    """Unreadable files of the spool that this section reports."""
    pages_found: tuple[int, int] | None = None
    """For a search: the first and the last listing page with articles of its days."""
    requests: tuple[HostRequests, ...] = ()
    elsewhere: tuple[str, ...]
    articles: tuple[SeenArticle, ...]
    """In the order of first sight."""
    segments: tuple[ListedSegment, ...]
    visits: ListedObject | None = None
    objects: tuple[ListedObject, ...]
    """Every document."""

    def writes_null(self, name: str) -> bool:
        """Return whether null has a meaning for this field."""
        return name in {"reason", "failure"} or (name == "pages_found" and self.parameters.scope == SEARCH)

    def listed(self) -> Iterator[ListedObject]:
        """Return every object of the run: segments and their indexes, documents, visits."""
        for segment in self.segments:
            yield segment
            yield segment.index
        yield from self.objects
        if self.visits:
            yield self.visits

    def of_outcome(self, outcome: str) -> list[SeenArticle]:
        """Return the articles with one outcome."""
        return [each for each in self.articles if each.outcome == outcome]

    def reasons(self, outcome: str) -> dict[str, int]:
        """Count the reasons of an outcome, most common first."""
        return dict(Counter(str(each.reason) for each in self.of_outcome(outcome)).most_common())

    @property
    def warc_bytes(self) -> int:
        """Size of all its segments."""
        return sum(each.size for each in self.segments)


def manifest_of(facts: Any) -> Manifest:
    """Read a manifest from its JSON.

    Raises:
        InvalidJson: it is invalid, or has a schema that this release does not know.
    """
    found = facts.get("schema") if isinstance(facts, dict) else None
    if isinstance(found, str) and found != schema.MANIFEST:
        raise InvalidJson(f"its schema is {found[:80]!r}, and this release reads {schema.MANIFEST}")
    return Manifest.from_json(facts)
