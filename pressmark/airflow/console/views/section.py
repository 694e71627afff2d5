"""The page of one section: its last runs, what was rejected and what was edited silently."""

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
from pressmark.web.common.key_patterns import NotThere
from pressmark.web.common.repository import RUNS, Holdings

SHOWN = 50
"""Runs on a page."""
DAYS = 90
LOOKED_AT = 10
"""Manifests that rejections and silent edits are told from."""
LISTED = 50
"""Rejections, and silent edits, at most."""
UNREADABLE = "can't be read"


@attrs.frozen(kw_only=True)
class Told:
    """An article, and when a run saw it so."""

    row: Row
    seen_at: datetime
    """When the run began that saw it last."""
    first_at: datetime | None
    """When what was kept of it was captured; None if that can't be told."""
    lost: str = ""
    """Why that can't be told: `expired`, or `can't be read`."""


@attrs.frozen(kw_only=True)
class SectionPage:
    """One section."""

    card: Card
    runs: Sequence[PastRun]
    """Of this page, newest first."""
    number: int
    """Runs on all pages."""
    most: int
    """There may be more runs than these."""
    page: int
    """From 1."""
    pages: int
    rejections: Sequence[Told]
    """Those seen last, and of how many: as `edits`."""
    rejected: int
    rejecting: int
    """Runs that they were told from."""
    edits: Sequence[Told]
    edited: int
    editing: int
    broken: dict[str, str]
    """What is wrong with manifests that can't be read, by key."""
    reaches: datetime | None
    """When the oldest run began that the page knows of."""


def section_page(holdings: Holdings, links: Links, site_name: str, section: str, page: int = 1) -> SectionPage:
    """Tell of a section.

    Raises:
        UnknownSection: no site file has it.
    """
    site = holdings.sites().get(site_name)
    if site is None or section not in site.sections:
        raise UnknownSection(f"no site file has a section {site_name}/{section}")
    now = holdings.clock()
    runs = holdings.runs(site_name, section)
    pages = max(1, -(-len(runs) // SHOWN))
    page = min(max(page, 1), pages)
    rejecting = [run for run in runs if run.counts.get(Outcome.REJECTED)][:LOOKED_AT]
    editing = [run for run in runs if run.counts.get(Outcome.SILENT_EDIT)][:LOOKED_AT]
    rejections, rejected = _told(holdings, rejecting, Outcome.REJECTED)
    edits, edited = _told(holdings, editing, Outcome.SILENT_EDIT)
    reaching = min(DAYS, (now - runs[-1].started_at).days + 2 if runs else 1)
    return SectionPage(
        card=card_of(holdings, links, site, section, runs, now, max(reaching, 14)),
        runs=runs[(page - 1) * SHOWN : page * SHOWN],
        number=len(runs),
        most=RUNS,
        page=page,
        pages=pages,
        rejections=rejections,
        rejected=rejected,
        rejecting=len(rejecting),
        edits=edits,
        edited=edited,
        editing=len(editing),
        broken=holdings.broken(site_name, section),
        reaches=runs[-1].started_at if runs else None,
    )


def _told(holdings: Holdings, runs: Sequence[PastRun], outcome: Outcome) -> tuple[list[Told], int]:
    """Return each article once that these runs, newest first, saw so; the one seen last comes first. And how many."""
    sites = holdings.sites()
    found: dict[tuple[str, str, str], Told] = {}
    for run in runs:
        for row in _rows(holdings, run, outcome, sites.get(run.site)):
            name = (row.article_id, row.reason, "" if outcome is Outcome.REJECTED else row.key)
            found.setdefault(name, Told(row=row, seen_at=run.started_at, first_at=None))
    listed = list(found.values())[:LISTED]
    documents = holdings.documents([told.row.key for told in listed if told.row.key])
    dated = [_dated(told, documents[told.row.key].data if told.row.key in documents else None) for told in listed]
    return dated, len(found)


def _rows(holdings: Holdings, run: PastRun, outcome: Outcome, site: Site | None) -> list[Row]:
    try:
        return article_rows.rows(holdings.manifest(run.key).of_outcome(outcome), site)
    except (NotThere, FindingsFound):
        return []  # It was whole when its run was read for the history: the page of the run says what is wrong.


def _dated(told: Told, document: dict[str, Any] | None) -> Told:
    """Say when its document was captured; without one, e.g. an expired rejection, there is nothing to link to."""
    if document is None:
        lost = "expired" if told.row.outcome is Outcome.REJECTED else UNREADABLE
        return attrs.evolve(told, row=attrs.evolve(told.row, key=""), lost=lost)
    headline = str(document.get("headline", ""))
    try:
        first_at = datetime.fromisoformat(document["pressmark"]["captures"][0]["capturedAt"])
    except (LookupError, TypeError, ValueError):
        return attrs.evolve(told, lost=UNREADABLE)
    return attrs.evolve(told, row=attrs.evolve(told.row, headline=headline), first_at=first_at)
