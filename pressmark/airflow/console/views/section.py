"""The page of one section: its last runs, rejections and silent edits."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import attrs

from pressmark.airflow.console.addresses import Links
from pressmark.airflow.console.views import article_rows
from pressmark.airflow.console.views.article_rows import Row
from pressmark.airflow.console.views.overview import Card, card_of
from pressmark.errors import FindingsFound, UnknownSection
from pressmark.model.outcomes import Outcome
from pressmark.monitoring.history import PastRun
from pressmark.sites.site import Site
from pressmark.web.common.key_patterns import NotFound
from pressmark.web.common.repository import RUNS, Repository

SHOWN = 50
"""Runs on a page."""
DAYS = 90
LOOKED_AT = 10
"""Manifests that are read for rejections, and for silent edits."""
LISTED = 50
"""Rejections on a page at most, and silent edits."""
UNREADABLE = "can't be read"


@attrs.frozen(kw_only=True)
class SeenRow:
    """An article with its outcome, and when a run saw it."""

    row: Row
    seen_at: datetime
    """When the last run that saw it began."""
    first_at: datetime | None
    """When its document was captured; None if unknown."""
    lost: str = ""
    """Why that is unknown: `expired`, or `can't be read`."""


@attrs.frozen(kw_only=True)
class SectionPage:
    """One section."""

    card: Card
    runs: Sequence[PastRun]
    """Of this page, newest first."""
    run_count: int
    """Number of runs on all pages."""
    run_limit: int
    """The section may have more runs than this number; only so many are read."""
    page: int
    """From 1."""
    pages: int
    rejections: Sequence[SeenRow]
    """The newest ones."""
    rejected: int
    """Number of all of them."""
    rejecting_runs: int
    """Number of runs that were searched for them."""
    edits: Sequence[SeenRow]
    edited: int
    editing_runs: int
    broken: dict[str, str]
    """Errors of manifests that can't be read, by key."""
    oldest_run_at: datetime | None
    """When the oldest run that was read began."""


def section_page(repository: Repository, links: Links, site_name: str, section: str, page: int = 1) -> SectionPage:
    """Return the page of a section.

    Raises:
        UnknownSection: no site file has it.
    """
    site = repository.sites().get(site_name)
    if site is None or section not in site.sections:
        raise UnknownSection(f"no site file has a section {site_name}/{section}")
    now = repository.clock()
    runs = repository.runs(site_name, section)
    pages = max(1, -(-len(runs) // SHOWN))
    page = min(max(page, 1), pages)
    rejecting_runs = [run for run in runs if run.counts.get(Outcome.REJECTED)][:LOOKED_AT]
    editing_runs = [run for run in runs if run.counts.get(Outcome.SILENT_EDIT)][:LOOKED_AT]
    rejections, rejected = _seen_rows(repository, rejecting_runs, Outcome.REJECTED)
    edits, edited = _seen_rows(repository, editing_runs, Outcome.SILENT_EDIT)
    reaching = min(DAYS, (now - runs[-1].started_at).days + 2 if runs else 1)
    return SectionPage(
        card=card_of(repository, links, site, section, runs, now, max(reaching, 14)),
        runs=runs[(page - 1) * SHOWN : page * SHOWN],
        run_count=len(runs),
        run_limit=RUNS,
        page=page,
        pages=pages,
        rejections=rejections,
        rejected=rejected,
        rejecting_runs=len(rejecting_runs),
        edits=edits,
        edited=edited,
        editing_runs=len(editing_runs),
        broken=repository.broken(site_name, section),
        oldest_run_at=runs[-1].started_at if runs else None,
    )


def _seen_rows(repository: Repository, runs: Sequence[PastRun], outcome: Outcome) -> tuple[list[SeenRow], int]:
    """Return the newest articles with this outcome in these runs, newest first, each once; and the number of all."""
    sites = repository.sites()
    found: dict[tuple[str, str, str], SeenRow] = {}
    for run in runs:
        for row in _rows(repository, run, outcome, sites.get(run.site)):
            name = (row.article_id, row.reason, "" if outcome is Outcome.REJECTED else row.key)
            found.setdefault(name, SeenRow(row=row, seen_at=run.started_at, first_at=None))
    listed = list(found.values())[:LISTED]
    documents = repository.documents([seen.row.key for seen in listed if seen.row.key])
    dated = [_dated(seen, documents[seen.row.key].data if seen.row.key in documents else None) for seen in listed]
    return dated, len(found)


def _rows(repository: Repository, run: PastRun, outcome: Outcome, site: Site | None) -> list[Row]:
    try:
        return article_rows.rows(repository.manifest(run.key).of_outcome(outcome), site)
    except (NotFound, FindingsFound):
        return []  # It changed since the history was read; the run's page says what is wrong.


def _dated(seen: SeenRow, document: dict[str, Any] | None) -> SeenRow:
    """Add the capture time of its document; without one, e.g. after a rejection expired, remove the link."""
    if document is None:
        lost = "expired" if seen.row.outcome is Outcome.REJECTED else UNREADABLE
        return attrs.evolve(seen, row=attrs.evolve(seen.row, key=""), lost=lost)
    headline = str(document.get("headline", ""))
    try:
        first_at = datetime.fromisoformat(document["pressmark"]["captures"][0]["capturedAt"])
    except (LookupError, TypeError, ValueError):
        return attrs.evolve(seen, lost=UNREADABLE)
    return attrs.evolve(seen, row=attrs.evolve(seen.row, headline=headline), first_at=first_at)
