"""A run: one crawl of one section, from the first request to its manifest."""

import logging
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import attrs

import pressmark
from pressmark.archive import keys, manifest
from pressmark.archive.ledger import Ledger
from pressmark.archive.publisher import Published, Publisher, publish
from pressmark.archive.spool import Spool, leftovers, torn
from pressmark.archive.store import Store, Stored
from pressmark.config import Config
from pressmark.document import SCHEMA_KEY, Document, schema_bytes, timestamp
from pressmark.errors import PressmarkError, Rejected, RunFailed
from pressmark.outcomes import Outcome, Outcomes
from pressmark.site import Site

logger = logging.getLogger(__name__)


def new_run_id() -> str:
    """Return an id that sorts by time and is unlike any other, e.g. `20220218T005300-3fa9c1`."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


def user_agent(config: Config) -> str:
    """Return how the crawl names itself to sites."""
    return f"Pressmark/{pressmark.__version__} (+{config.contact})"


@attrs.define
class Recovered:
    """What an earlier run left in the spool and this one published."""

    segments: int = 0
    published: int = 0


class Run:
    """What the parts of a crawl share: where captures and documents go, what is known, what has become of what."""

    def __init__(
        self,
        config: Config,
        store: Store,
        site: Site,
        section: str,
        *,
        run_id: str | None = None,
        pages: int | None = None,
        recheck: bool = False,
        on_change: Callable[["Run"], None] = lambda run: None,
    ) -> None:
        self.config, self.store, self.site = config, store, site
        self.section_name, self.section = section, site.section(section)
        self.run_id = run_id or new_run_id()
        self.pages = pages or self.section.pages
        self.recheck = recheck
        self.started_at = datetime.now(UTC)
        self.ledger = Ledger(store, site.site)
        self.outcomes = Outcomes()
        self.listing_pages = 0
        self.elsewhere: set[str] = set()
        """Entries of the listing that lead to no article: features on other hosts and the like."""
        self.failure: PressmarkError | None = None
        self.interrupted = False
        self.recovered = Recovered()
        self._on_change = on_change
        self._segments: list[dict[str, Any]] = []
        self._objects: list[Stored] = []
        self.spool_folder = config.spool / site.site
        self._publisher = Publisher(store, self._published)
        self.spool = Spool(self.spool_folder, site.site, self.run_id, self._warcinfo(), self._publisher.take)
        previous = manifest.latest(store, site.site, section)
        self.complete_before = bool(previous and previous["ended"] == "complete" and not self.torn())
        """Whether the run before this one saw all it wanted; if not, this one may not stop early."""

    def publish_leftovers(self) -> None:
        """Publish what an earlier run captured and could not publish."""
        for batch in leftovers(self.spool_folder, self.site.site):
            published = publish(self.store, batch)
            self._note(published)
            self.recovered.segments += 1
            self.recovered.published += sum(outcome is Outcome.PUBLISHED for _, outcome, _ in published.settled)

    def torn(self) -> list[str]:
        """Return the names of segments that a killed run left open."""
        return [path.name for path in torn(self.spool_folder, self.site.site)]

    def see(self, article_id: str, url: str) -> bool:
        """Take note of an article on a listing; False if it was seen before."""
        new = self.outcomes.see(article_id, url)
        self._on_change(self)
        return new

    def settle(
        self, article_id: str, outcome: Outcome, *, reason: str | None = None, message: str | None = None
    ) -> None:
        """Say what became of an article."""
        self.outcomes.settle(article_id, outcome, reason=reason, message=message)
        self._on_change(self)

    def stage(self, article_id: str, key: str, document: Document, record_ids: Sequence[str]) -> None:
        """Leave a version to be published after its captures."""
        self.spool.stage(article_id, key, document, record_ids, outcome=Outcome.PUBLISHED, taken=Outcome.UNCHANGED)

    def reject(self, article_id: str, day: str, url: str, error: Rejected, record_ids: Sequence[str]) -> None:
        """Keep what can't become an article: the reason, and a pointer to its capture."""
        self.settle(article_id, Outcome.REJECTED, reason=error.reason, message=str(error))
        if self.ledger.knows_rejection(day, article_id, error.reason):
            return  # Kept and told when it was first seen.
        logger.warning("rejected (%s): %s", error.reason, error)
        document = {
            "identifier": article_id,
            "url": url,
            "reason": error.reason,
            "message": str(error),
            "pressmark": {"run": self.run_id},
        }
        key = keys.rejection(self.site.site, day, article_id, error.reason)
        self.spool.stage(article_id, key, document, record_ids, outcome=Outcome.REJECTED, taken=Outcome.REJECTED)

    def fail(self, error: PressmarkError) -> None:
        """Note why this run's result can't be trusted; the first reason stands."""
        self.failure = self.failure or error

    def close(self) -> str:
        """Seal, upload and publish what is left, then write the manifest and return its key.

        Raises:
            BucketError: the bucket failed; what is not published stays in the spool, and no manifest is written.
        """
        try:
            self.spool.close()
        finally:
            self._publisher.close()
        if not self.listing_pages and not self.interrupted:
            self.fail(RunFailed(f"no listing page of {self.site.site}/{self.section_name} was read"))
        self.outcomes.close("interrupted" if self.interrupted else "unfinished")
        self.store.put(SCHEMA_KEY, schema_bytes(), "application/schema+json")
        return manifest.write(self.store, self.manifest())

    @property
    def ended(self) -> str:
        """How the run ended: `complete`, `interrupted` or `failed`."""
        if self.failure:
            return "failed"
        return "interrupted" if self.interrupted else "complete"

    def counts(self) -> dict[str, int]:
        """Return what was seen and what became of it."""
        return {"listing_pages": self.listing_pages, **self.outcomes.counts()}

    def manifest(self) -> manifest.Manifest:
        """Return what the run leaves behind."""
        return {
            "run_id": self.run_id,
            "site": self.site.site,
            "section": self.section_name,
            "started_at": timestamp(self.started_at),
            "ended_at": timestamp(datetime.now(UTC)),
            "ended": self.ended,
            "reason": str(self.failure) if self.failure else None,
            "software": f"pressmark {pressmark.__version__}",
            "parameters": {"pages": self.pages, "recheck": self.recheck},
            "counts": self.counts(),
            "recovered": attrs.asdict(self.recovered),
            "elsewhere": sorted(self.elsewhere),
            "articles": list(self.outcomes),
            "segments": self._segments,
            "objects": [attrs.asdict(each) for each in self._objects],
        }

    def _published(self, published: Published) -> None:
        self._note(published)
        for draft, outcome, _ in published.settled:
            if outcome is Outcome.REJECTED:
                continue  # Settled with its reason when it was rejected.
            self.outcomes.settle(draft.article_id, outcome, key=draft.key)
        self._on_change(self)

    def _note(self, published: Published) -> None:
        self._segments.append({**attrs.asdict(published.segment), "records": published.records})
        self._objects.extend(stored for _, _, stored in published.settled if stored)

    def _warcinfo(self) -> dict[str, str]:
        """Return the fields of a warcinfo record (WARC 1.1, 6.2)."""
        return {
            "software": f"pressmark/{pressmark.__version__}",
            "format": "WARC File Format 1.1",
            "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
            "operator": self.config.operator,
            "http-header-user-agent": user_agent(self.config),
            "robots": "obey",
            "isPartOf": f"{self.site.site}/{self.section_name}",
            "description": f"{self.site.title}, {self.section.name}: run {self.run_id}",
        }
