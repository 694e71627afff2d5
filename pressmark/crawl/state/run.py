"""A run: one crawl of one section, from the first request to its manifest."""

import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import attrs

from pressmark import __version__
from pressmark.archive.bucket import manifest, visits
from pressmark.archive.bucket.known_versions import Ledger
from pressmark.archive.bucket.manifest_model import (
    HostRequests,
    ListedObject,
    ListedSegment,
    Manifest,
    RecoveredWork,
    RunParameters,
    SeenArticle,
    SetAsideFile,
)
from pressmark.archive.bucket.previous_run import last_run, last_visits
from pressmark.archive.bucket.schemas import publish_schemas
from pressmark.archive.publish.archivist import Archivist, Setup
from pressmark.archive.publish.manifest_commit import commit, unlisted
from pressmark.archive.publish.publisher import DraftOutcomes
from pressmark.archive.publish.unread import AllBut, Deriving, read_unread
from pressmark.archive.s3.store import Store
from pressmark.archive.spool.batch import Published, kept_at
from pressmark.archive.spool.drafts import rejection_draft, silent_edit_draft, version_draft, withdrawal_draft
from pressmark.archive.spool.set_aside import SetAside, claimed, spool_id
from pressmark.archive.warc import cdxj
from pressmark.archive.warc.robots_copy import RobotsCopies
from pressmark.config import Config
from pressmark.crawl.state.known_content import KnownContent
from pressmark.crawl.state.request_stats import Traffic
from pressmark.crawl.state.requisites import Requisites
from pressmark.crawl.state.revisits import Watch
from pressmark.crawl.state.run_check import verdict
from pressmark.errors import PressmarkError, Rejected
from pressmark.file_system import spool_error
from pressmark.model import keys, schema
from pressmark.model.article import VersionKey
from pressmark.model.capture import Receipt
from pressmark.model.document import Document
from pressmark.model.outcomes import INTERRUPTED, UNFINISHED, Outcome, Outcomes
from pressmark.sites.scope import Scope
from pressmark.sites.site import Site

if TYPE_CHECKING:
    from pathlib import Path

ADDING = (Outcome.PUBLISHED, Outcome.UPDATED, Outcome.SILENT_EDIT, Outcome.WITHDRAWN)
"""Outcomes of which each leaves a document."""

_NOT_PUBLISHED = "its capture is nowhere, or what has its key in the bucket can't be read: the log says which"

logger = logging.getLogger(__name__)


def new_run_id() -> str:
    """Return an id that sorts by time and is unlike any other, e.g. `20220218T005300-3fa9c1`."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


def user_agent(config: Config) -> str:
    """Return how the crawl names itself to sites."""
    return f"Pressmark/{__version__} (+{config.contact})"


@attrs.define
class Recovered:
    """What earlier runs left in the spool, or told in no manifest, and this one did."""

    segments: int = 0
    published: int = 0
    bytes_cut: int = 0
    """Of records that were being written when a run was killed."""


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
        scope: Scope | None = None,
        on_change: Callable[["Run"], None] = lambda run: None,
    ) -> None:
        self.config, self.store, self.site = config, store, site
        self.section_name, self.section = section, site.section(section)
        self.run_id = run_id or new_run_id()
        self.scope = scope or Scope(pages=self.section.pages)
        self.started_at = datetime.now(UTC)
        self.ledger = Ledger(store, site.site)
        self.outcomes = Outcomes()
        self.listing_pages = 0
        self.beyond_the_end = False
        """Whether the section ends before the listing pages that were asked for."""
        self.caught_up = False
        """Whether the last listing page brought nothing new, or was the section's last; of a regular run only."""
        self.pages_found: tuple[int, int] | None = None
        """The first and the last listing page with the articles of a search; None: there is none."""
        self.traffic = Traffic()
        self.elsewhere: set[str] = set()
        """Entries of the listing that lead to no article: features on other hosts and the like."""
        self.failure: PressmarkError | None = None
        self.interrupted = False
        self.interruption: str | None = None
        """Why it ended itself, for people; None if it did not."""
        self.halt: Callable[[], None] = lambda: None
        """Ends the crawl early and orderly; from any thread."""
        self.recovered = Recovered()
        self.newly_rejected = 0
        self._on_change = on_change
        self._told: dict[Path, Published] = {}
        self._set_aside: list[SetAside] = []
        self.spool_folder = config.spool / site.site
        last = last_run if self.scope.regular else last_visits
        self.last = last(store, site.site, section, self.started_at)
        self.watch = Watch(
            site.recheck,
            self.last.visits,
            self.started_at,
            everything=self.scope.unconditional,
            aside=not self.scope.regular,
        )
        self.known = KnownContent(store, site.site, self.ledger, self.watch)
        captured = cdxj.captures(store, site.site, self.started_at)
        self.requisites = Requisites(site, {url for url, capture in captured.items() if capture.status < 500})
        self.robots_copies = RobotsCopies(store, site.site, self.started_at, captured)
        setup = Setup(
            config=config,
            site=site.site,
            run_id=self.run_id,
            info=self._warcinfo(),
            earlier={url: each for url, each in captured.items() if each.status == 200 and not _is_robots(url)},
        )
        self.archivist = Archivist(setup, self._published, self.break_off)

    def start(self) -> None:
        """Take note of what earlier runs published and listed nowhere, and leave a mark that this one has begun."""
        self.archivist.start()
        self._told |= unlisted(self.store, self.spool_folder, self.site.site)
        self._set_aside = claimed(self.spool_folder, self.site.site, self.section_name)
        self.recovered.published = sum(published.versions for published in self._told.values())
        self.recovered.segments = len(self._told)
        manifest.start(self.store, self.site.site, self.section_name, self.started_at, self.run_id)

    def see(self, article_id: str, url: str) -> bool:
        """Take note of an article on a listing; False if it was seen before."""
        new = self.outcomes.see(article_id, url)
        self._on_change(self)
        return new

    def settle(
        self, article_id: str, outcome: Outcome, *, reason: str | None = None, message: str | None = None
    ) -> None:
        """Say what became of an article."""
        self.outcomes.record_outcome(article_id, outcome, reason=reason, message=message)
        self._on_change(self)

    def stage(self, version: VersionKey, day: str, document: Document, receipts: Sequence[Receipt]) -> None:
        """Leave a version to be published after its captures."""
        draft = version_draft(self.site, day, version, document)
        if self.ledger.knows_version(day, version):
            draft = silent_edit_draft(draft)
        elif self.ledger.last_version(day, version.article_id):
            draft = attrs.evolve(draft, outcome=Outcome.UPDATED)
        self.archivist.stage(draft, receipts, version=str(version))

    def withdraw(self, article_id: str, day: str, url: str, status: int, receipt: Receipt) -> bool:
        """Keep a tombstone for a known article that is gone; False if none of its versions is known."""
        last = self.ledger.last_version(day, article_id)
        if not last:
            return False
        draft = withdrawal_draft(self.site, day, url, last, status)
        self.archivist.stage(draft, [receipt], withdrawn=last)
        return True

    def reject(self, article_id: str, day: str, url: str, error: Rejected, receipts: Sequence[Receipt]) -> None:
        """Keep what can't become an article: the reason, and a pointer to its capture."""
        if not self.ledger.knows_rejection(day, article_id, error.reason):  # Else kept and told when first seen.
            logger.warning("rejected (%s): %s", error.reason, error)
            draft = rejection_draft(self.site, day, article_id, url, error)
            self.archivist.stage(draft, receipts, rejected=error.reason)
            self.newly_rejected += 1
        self.settle(article_id, Outcome.REJECTED, reason=error.reason, message=str(error))

    def fail(self, error: PressmarkError) -> None:
        """Note why this run's result can't be trusted; the first reason stands."""
        self.failure = self.failure or error

    def out_of_time(self, limit: timedelta) -> None:
        """End the crawl, since it took longer than it may; what it has is kept, and the next run goes on."""
        self.interrupted = True
        told = f"its time limit of {limit} was over"
        self.interruption = f"{told} (`time_limit` of the section; by default four fifths of its `deadline`)"
        logger.warning("the crawl ends: %s", self.interruption)
        self.halt()

    def break_off(self, error: PressmarkError) -> None:
        """Fail, and end the crawl: what it would do now would be lost, or is not wanted."""
        self.fail(error)
        self.halt()

    def close(self, derive: Deriving | None = None) -> str:
        """Seal, upload and publish what is left, then write the manifest and return its key.

        Args:
            derive: reads documents from captures, for what the run captured and could not read.

        Raises:
            BucketError: the bucket failed; what is not published stays in the spool, and no manifest is written.
            SpoolError: the disk failed; what was whole is published, and no manifest is written.
        """
        self.archivist.close()
        if derive and (unread := self.outcomes.unread()):
            self._read_late(unread, derive)
        left = self.outcomes.close(INTERRUPTED if self.interrupted else UNFINISHED)
        if not self.interrupted:
            self._judge(left)
        publish_schemas(self.store)
        visited = keys.visits(self.site.site, self.section_name, self.started_at, self.run_id)
        self._visits = visits.write(self.store, visited, self.watch.told(self.outcomes.of(Outcome.FAILED)))
        return commit(self.store, self.spool_folder, self.manifest(), self._told)

    def _read_late(self, unread: set[str], derive: Deriving) -> None:
        """Read what was captured and not read before the run ended: the next run may be told something else."""
        logger.warning("captured and not read: %s; their captures are read now", ", ".join(sorted(unread)))
        own = {path.name: each for path, each in self._told.items() if not each.is_read}
        listed = {stored.key for each in self._told.values() for stored in each.objects}
        try:
            read, done = read_unread(self.store, self.spool_folder, self.site.site, own, derive, AllBut(unread), listed)
        except OSError as error:
            raise spool_error("what was captured can't be read", self.spool_folder, error) from error
        for published in read.values():
            self._published(published, [])
        for draft, outcome in done:
            if outcome is Outcome.REJECTED:
                self.newly_rejected += 1
                self.settle(draft.article_id, outcome, reason=draft.document["reason"])
                continue
            day = keys.day_folder(draft.key)
            if outcome is Outcome.PUBLISHED and self.ledger.last_version(day, draft.article_id):
                outcome = Outcome.UPDATED  # noqa: PLW2901  # As `stage` does before.
            self.outcomes.record_outcome(draft.article_id, outcome, key=draft.key)

    @property
    def ended(self) -> str:
        """How the run ended: `complete`, `interrupted` or `failed`."""
        if self.failure:
            return "failed"
        return "interrupted" if self.interrupted else "complete"

    def counts(self) -> dict[str, int]:
        """Return what was seen and what became of it."""
        return {"listing_pages": self.listing_pages, **self.outcomes.counts(), "not_due": len(self.watch.not_due)}

    def manifest(self) -> Manifest:
        """Return what the run leaves behind."""
        told = [self._told[path] for path in sorted(self._told)]
        return Manifest(
            schema=schema.MANIFEST,
            run_id=self.run_id,
            site=self.site.site,
            section=self.section_name,
            started_at=self.started_at,
            ended_at=datetime.now(UTC),
            ended=self.ended,
            reason=str(self.failure) if self.failure else self.interruption,
            failure=type(self.failure).__name__ if self.failure else None,
            caught_up=self.caught_up,
            software=f"pressmark {__version__}",
            parameters=RunParameters.from_json(self.scope.parameters()),
            counts=self.counts(),
            newly_rejected=self.newly_rejected,
            requisites=self.requisites.counts(),
            recovered=RecoveredWork(**attrs.asdict(self.recovered)),
            spool=spool_id(self.config.spool),
            set_aside=tuple(SetAsideFile.from_json(each.summary) for each in self._set_aside),
            pages_found=self.pages_found,
            requests=tuple(map(HostRequests.from_json, self.traffic.told())),
            elsewhere=tuple(sorted(self.elsewhere)),
            articles=tuple(map(SeenArticle.from_json, self.outcomes)),
            segments=tuple(map(_listed, told)),
            visits=ListedObject.of(self._visits),
            objects=tuple(ListedObject.of(stored) for each in told for stored in each.objects),
        )

    def _judge(self, left: int) -> None:
        """Fail a run that went through and whose result can't be trusted."""
        where = f"{self.site.site}/{self.section_name}"
        pages, fewest = self.listing_pages, self.site.expect.fewest
        for error in verdict(
            self.scope,
            self.outcomes,
            where=where,
            listing_pages=pages,
            left=left,
            fewest=fewest,
            beyond=self.beyond_the_end,
        ):
            self.fail(error)

    def _published(self, published: Published, settled: DraftOutcomes) -> None:
        self._told[kept_at(self.spool_folder, published)] = published
        for draft, outcome in settled:
            if outcome is Outcome.FAILED:
                self.outcomes.record_outcome(draft.article_id, outcome, reason="not-published", message=_NOT_PUBLISHED)
            elif outcome is not Outcome.REJECTED:  # That was settled with its reason when it was rejected.
                self.outcomes.record_outcome(draft.article_id, outcome, key=draft.key)
        self._on_change(self)

    def _warcinfo(self) -> dict[str, str]:
        """Return the fields of a warcinfo record (WARC 1.1, 6.2)."""
        return {
            "software": f"pressmark/{__version__}",
            "format": "WARC File Format 1.1",
            "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
            "operator": self.config.operator,
            "http-header-user-agent": user_agent(self.config),
            "robots": "obey",
            "isPartOf": f"{self.site.site}/{self.section_name}",
            "description": f"{self.site.title}, {self.section.name}: run {self.run_id}",
        }


def _is_robots(url: str) -> bool:
    """Each robots.txt is stored whole, and never as a reference to one before it: its age is that of its record."""
    return url.endswith("/robots.txt")


def _listed(published: Published) -> ListedSegment:
    stored, index = published.segment, ListedObject.of(published.index)
    return ListedSegment(key=stored.key, size=stored.size, sha256=stored.sha256, records=published.records, index=index)


def changed(counts: Mapping[str, int], *, newly_rejected: int, recovered: int) -> bool:
    """Tell whether a run added documents to the bucket.

    Args:
        counts: its manifest's.
        newly_rejected: likewise.
        recovered: versions that it published for runs before it.
    """
    return bool(sum(counts.get(outcome, 0) for outcome in ADDING) + recovered + newly_rejected)
