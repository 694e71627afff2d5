"""Staging: which document a reading becomes, and its way to the archivist."""

import logging
from collections.abc import Sequence

import attrs

from pressmark.archive.bucket.known_versions import Ledger
from pressmark.archive.publish.archivist import Archivist
from pressmark.archive.spool.batch import Draft
from pressmark.archive.spool.drafts import rejection_draft, silent_edit_draft, version_draft, withdrawal_draft
from pressmark.errors import Rejected
from pressmark.model import keys
from pressmark.model.article import VersionKey
from pressmark.model.capture import Receipt
from pressmark.model.document import Document
from pressmark.model.outcomes import Outcome, Outcomes
from pressmark.sites.site import Site

logger = logging.getLogger(__name__)


class DocumentStager:
    """Stages documents to be published after their captures, and counts new rejections."""

    def __init__(self, site: Site, ledger: Ledger, outcomes: Outcomes, archivist: Archivist) -> None:
        self._site, self._ledger, self._outcomes, self._archivist = site, ledger, outcomes, archivist
        self.newly_rejected = 0
        """Rejections that the bucket did not have before."""

    def stage(self, version: VersionKey, day: str, document: Document, receipts: Sequence[Receipt]) -> None:
        """Stage a version, or a silent edit of a known one."""
        draft = version_draft(self._site, day, version, document)
        if self._ledger.knows_version(day, version):
            draft = silent_edit_draft(draft)
        elif self._ledger.last_version(day, version.article_id):
            draft = attrs.evolve(draft, outcome=Outcome.UPDATED)
        self._archivist.stage(draft, receipts, version=str(version))

    def withdraw(self, article_id: str, day: str, url: str, status: int, receipt: Receipt) -> bool:
        """Stage a tombstone for a known article that is gone; return False if no version of it is known."""
        last = self._ledger.last_version(day, article_id)
        if not last:
            return False
        draft = withdrawal_draft(self._site, day, url, last, status)
        self._archivist.stage(draft, [receipt], withdrawn=last)
        return True

    def reject(self, article_id: str, day: str, url: str, error: Rejected, receipts: Sequence[Receipt]) -> None:
        """Record that a page can't become an article; stage the reason with a pointer to its capture."""
        if not self._ledger.knows_rejection(day, article_id, error.reason):  # Known ones were staged and logged before.
            logger.warning("rejected (%s): %s", error.reason, error)
            draft = rejection_draft(self._site, day, article_id, url, error)
            self._archivist.stage(draft, receipts, rejected=error.reason)
            self.newly_rejected += 1
        self._outcomes.record_outcome(article_id, Outcome.REJECTED, reason=error.reason, message=str(error))

    def record_late(self, draft: Draft, outcome: Outcome) -> None:
        """Record the outcome of a document that was read from its captures, and published, after the crawl."""
        if outcome is Outcome.REJECTED:
            self.newly_rejected += 1
            self._outcomes.record_outcome(draft.article_id, outcome, reason=draft.document["reason"])
            return
        if outcome is Outcome.PUBLISHED and self._ledger.last_version(keys.day_folder(draft.key), draft.article_id):
            outcome = Outcome.UPDATED
        self._outcomes.record_outcome(draft.article_id, outcome, key=draft.key)
