"""The manifest of a run as a model; docs/schema.md says what its fields mean (`schemas/manifest-1.json`).

A new field is one line here, with a default, and one in the schema: older manifests do not have it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import attrs

from pressmark.model import schema
from pressmark.model.json_model import JsonModel, key
from pressmark.model.strict_json import InvalidJson

if TYPE_CHECKING:  # It brings boto3, which the DAGs are read without.
    from pressmark.archive.s3.store import Stored

COMPLETE, INTERRUPTED, FAILED = "complete", "interrupted", "failed"
"""How a run ends."""
NEWEST, SEARCH = "newest", "search"
"""Scopes that readers of manifests tell apart."""


@attrs.frozen(kw_only=True)
class ListedObject(JsonModel):
    """An object of the bucket as a run wrote it."""

    key: str = attrs.field(metadata={"read": key})
    size: int
    """Bytes."""
    sha256: str
    """Hex."""

    @classmethod
    def of(cls, stored: "Stored") -> "ListedObject":
        """Return what is listed of an object that was written."""
        return ListedObject(key=stored.key, size=stored.size, sha256=stored.sha256)


@attrs.frozen(kw_only=True)
class ListedSegment(ListedObject):
    """A WARC file, with its index."""

    records: int
    index: ListedObject


@attrs.frozen(kw_only=True)
class SeenArticle(JsonModel):
    """An article that a run saw, and what became of it."""

    article_id: str
    url: str
    outcome: str
    """One of `Outcome`, or one of a later release."""
    reason: str | None = None
    message: str | None = None
    key: str | None = None
    """Of the document that was published, or that had its key before."""


@attrs.frozen(kw_only=True)
class HostRequests(JsonModel):
    """How often a run asked one host."""

    host: str
    number: int
    busiest_minute: int


@attrs.frozen(kw_only=True)
class RecoveredWork(JsonModel):
    """What a run published for runs before it."""

    segments: int = 0
    published: int = 0
    """Versions."""
    bytes_cut: int = 0


@attrs.frozen(kw_only=True)
class SetAsideFile(JsonModel):
    """A file of the spool that could not be read."""

    file: str
    """What it was called."""
    reason: str
    since: datetime
    size: int
    """Bytes."""
    records: int
    """Records that could be read of it."""
    salvaged: tuple[str, ...]
    """File names of the segments that were made of them."""


@attrs.frozen(kw_only=True)
class RunParameters(JsonModel):
    """What a run was told to see: a `Scope`, as it is written down."""

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
    """One crawl of one section: what it saw, and what it left in the bucket."""

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
    """Name of the error that failed it."""
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
    """Which spool it left its captures in."""
    set_aside: tuple[SetAsideFile, ...] = ()
    """Files of the spool that could not be read, and that this section reports."""
    pages_found: tuple[int, int] | None = None
    """Of a search: the first and the last listing page with articles of its days."""
    requests: tuple[HostRequests, ...] = ()
    elsewhere: tuple[str, ...]
    articles: tuple[SeenArticle, ...]
    """In the order of being seen."""
    segments: tuple[ListedSegment, ...]
    visits: ListedObject | None = None
    objects: tuple[ListedObject, ...]
    """Every document."""

    def writes_null(self, name: str) -> bool:
        """Write what a run knows not to be there."""
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
        """Return the articles of one outcome."""
        return [each for each in self.articles if each.outcome == outcome]

    def reasons(self, outcome: str) -> dict[str, int]:
        """Count the reasons of an outcome, commonest first."""
        return dict(Counter(str(each.reason) for each in self.of_outcome(outcome)).most_common())

    @property
    def warc_bytes(self) -> int:
        """Size of all its segments."""
        return sum(each.size for each in self.segments)


def manifest_of(facts: Any) -> Manifest:
    """Read a manifest from its JSON.

    Raises:
        InvalidJson: it is none, or one of a schema that this release does not know.
    """
    found = facts.get("schema") if isinstance(facts, dict) else None
    if isinstance(found, str) and found != schema.MANIFEST:
        raise InvalidJson(f"its schema is {found[:80]!r}, and this release reads {schema.MANIFEST}")
    return Manifest.from_json(facts)
