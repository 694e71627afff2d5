"""A run's first and last step: its start mark, and its manifest."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime

import attrs

from pressmark import __version__
from pressmark.archive.bucket import manifest, visits
from pressmark.archive.bucket.manifest_model import (
    HostRequests,
    ListedObject,
    Manifest,
    RunParameters,
    SeenArticle,
    SetAsideFile,
)
from pressmark.archive.bucket.schemas import publish_schemas
from pressmark.archive.publish.manifest_commit import commit, unlisted
from pressmark.archive.publish.unread import AllBut, Deriving, read_unread
from pressmark.archive.s3.store import Store
from pressmark.archive.spool.set_aside import SetAside, claimed, spool_id
from pressmark.config import Config
from pressmark.crawl.state.parts import CrawlParts
from pressmark.crawl.state.run_check import run_errors
from pressmark.file_system import spool_error
from pressmark.model import keys, schema
from pressmark.model.outcomes import INTERRUPTED, UNFINISHED, Outcome

logger = logging.getLogger(__name__)


@attrs.define(kw_only=True)
class RunCommit:
    """Starts a run in the bucket, and commits it with its manifest."""

    config: Config
    store: Store
    parts: CrawlParts
    _set_aside: Sequence[SetAside] = attrs.field(default=(), init=False)

    def start(self, bytes_cut: int = 0) -> None:
        """Start the archivist, take over what earlier runs published and listed nowhere, and write the start mark.

        Args:
            bytes_cut: of incomplete records that recovery removed.
        """
        run, published = self.parts.run, self.parts.published
        self.parts.archivist.start()
        published.add_earlier(unlisted(self.store, published.folder, run.site.site), bytes_cut)
        self._set_aside = claimed(published.folder, run.site.site, run.section_name)
        manifest.start(self.store, run.site.site, run.section_name, run.started_at, run.run_id)

    def finish(self, derive: Deriving | None = None) -> tuple[str, Manifest]:
        """Seal, upload and publish the rest, then write the manifest; return its key and itself.

        Args:
            derive: reads documents from captures, for articles that the run captured and did not read.

        Raises:
            BucketError: the bucket failed; unpublished files stay in the spool, and no manifest is written.
            SpoolError: the disk failed; complete records are published, and no manifest is written.
        """
        run, status, outcomes = self.parts.run, self.parts.status, self.parts.outcomes
        self.parts.archivist.close()
        if derive and (unread := outcomes.unread()):
            self._read_late(unread, derive)
        left = outcomes.close(INTERRUPTED if status.interrupted else UNFINISHED)
        if not status.interrupted:
            self._check(left)
        publish_schemas(self.store)
        key = keys.visits(run.site.site, run.section_name, run.started_at, run.run_id)
        visited = visits.write(self.store, key, self.parts.revisits.for_next_run(outcomes.of(Outcome.FAILED)))
        written = self._manifest(ListedObject.of(visited))
        return commit(self.store, self.parts.published.folder, written, self.parts.published), written

    def _read_late(self, unread: set[str], derive: Deriving) -> None:
        """Read articles that were captured and not read before the run ended: the site may change before the next."""
        logger.warning("captured and not read: %s; reading their captures now", ", ".join(sorted(unread)))
        published, site = self.parts.published, self.parts.run.site.site
        folder, own, listed = published.folder, published.unread(), published.keys()
        try:
            read, drafts = read_unread(self.store, folder, site, own, derive, AllBut(unread), listed)
        except OSError as error:
            raise spool_error("the captures can't be read", folder, error) from error
        for each in read.values():
            published.add(each, [])
        for draft, outcome in drafts:
            self.parts.stager.record_late(draft, outcome)

    def _check(self, left: int) -> None:
        """Fail a run that was not interrupted and whose result can't be trusted."""
        run, progress = self.parts.run, self.parts.listing_progress
        for error in run_errors(
            run.scope,
            self.parts.outcomes,
            where=run.label,
            listing_pages=progress.pages,
            left=left,
            fewest=run.site.expect.fewest,
            beyond=progress.is_past_end,
        ):
            self.parts.status.fail(error)

    def _manifest(self, visited: ListedObject) -> Manifest:
        parts = self.parts
        run, status, progress = parts.run, parts.status, parts.listing_progress
        counts = {"listing_pages": progress.pages, **parts.outcomes.counts(), "not_due": len(parts.revisits.not_due)}
        return Manifest(
            schema=schema.MANIFEST,
            run_id=run.run_id,
            site=run.site.site,
            section=run.section_name,
            started_at=run.started_at,
            ended_at=datetime.now(UTC),
            ended=status.ended,
            reason=status.reason,
            failure=type(status.failure).__name__ if status.failure else None,
            caught_up=progress.caught_up,
            software=f"pressmark {__version__}",
            parameters=RunParameters.from_json(run.scope.parameters()),
            counts=counts,
            newly_rejected=parts.stager.newly_rejected,
            requisites=parts.requisites.counts(),
            recovered=parts.published.recovered,
            spool=spool_id(self.config.spool),
            set_aside=tuple(SetAsideFile.from_json(each.summary) for each in self._set_aside),
            pages_found=progress.pages_found,
            requests=tuple(map(HostRequests.from_json, parts.request_stats.summary())),
            elsewhere=tuple(sorted(progress.elsewhere)),
            articles=tuple(map(SeenArticle.from_json, parts.outcomes)),
            segments=parts.published.segments(),
            visits=visited,
            objects=parts.published.objects(),
        )
