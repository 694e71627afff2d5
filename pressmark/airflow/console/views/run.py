"""The page of one run: the articles that it saw, what it stored in the bucket, and why it failed."""

from collections.abc import Mapping, Sequence

import attrs

from pressmark.airflow.console.outcome_labels import LABELS
from pressmark.airflow.console.views import article_rows
from pressmark.airflow.console.views.article_rows import Row
from pressmark.archive.bucket.manifest_model import ListedSegment, Manifest
from pressmark.model.outcomes import Outcome
from pressmark.monitoring import advice
from pressmark.monitoring.advice import Advice
from pressmark.monitoring.history import PastRun
from pressmark.web.common.key_patterns import NotFound, section_of_manifest, site_of_segment
from pressmark.web.common.repository import Repository

SHOWN = 100
"""Articles on a page."""


@attrs.frozen(kw_only=True)
class RunPage:
    """One run."""

    run: PastRun
    manifest: Manifest
    """Its manifest."""
    known: bool
    """Whether a site file has its section, so that the section has a page."""
    advice: Advice | None
    outcome: Outcome | None
    """The only outcome shown; None: all."""
    numbers: Mapping[Outcome, int]
    rows: Sequence[Row]
    """The articles of this page."""
    matching: int
    """Number of articles with that outcome."""
    page: int
    """From 1."""
    pages: int

    @property
    def requisites(self) -> str:
        """Counts of styles, scripts, images and fonts."""
        requisites = self.manifest.requisites
        left_out = (
            f", {requisites['left_out']} left out as beyond their page's limits" if requisites.get("left_out") else ""
        )
        unread = f", {requisites['unread']} not searched for more" if requisites.get("unread") else ""
        return f"{requisites.get('captured', 0)} captured, {requisites.get('failed', 0)} failed{left_out}{unread}"

    @property
    def segments(self) -> Sequence[ListedSegment]:
        """The segments that the manifest lists, without invalid keys."""
        return [each for each in self.manifest.segments if all(map(_is_segment, (each.key, each.index.key)))]


def run_page(repository: Repository, key: str, outcome: str = "", page: int = 1) -> RunPage:
    """Return the page of a run. An unknown outcome shows all articles.

    Raises:
        NotFound: there is no such run.
        FindingsFound: its manifest can't be read.
    """
    manifest = repository.manifest(key)
    site_name, section = section_of_manifest(key)
    site = repository.sites().get(site_name)
    run = PastRun.of(key, manifest)
    rows = article_rows.rows(manifest.articles, site)
    only = Outcome(outcome) if outcome in set(Outcome) else None
    order = list(LABELS)
    matching = [row for row in rows if only in {None, row.outcome}]
    matching.sort(key=lambda row: order.index(row.outcome))
    pages = max(1, -(-len(matching) // SHOWN))
    page = min(max(page, 1), pages)
    return RunPage(
        run=run,
        manifest=manifest,
        known=site is not None and section in site.sections,
        advice=advice.on_run(run.ended, run.failure, site, section),
        outcome=only,
        numbers={each: sum(row.outcome is each for row in rows) for each in LABELS},
        rows=article_rows.with_headlines(repository, matching[(page - 1) * SHOWN : page * SHOWN]),
        matching=len(matching),
        page=page,
        pages=pages,
    )


def _is_segment(key: str) -> bool:
    try:
        return bool(site_of_segment(key))
    except NotFound:
        return False
