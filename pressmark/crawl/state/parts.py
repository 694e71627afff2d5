"""The parts of a crawl: each owns its state, and spiders, pipelines and middlewares take those that they need."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import attrs

from pressmark.archive.bucket.known_versions import Ledger
from pressmark.archive.bucket.previous_run import LastRun, last_run, last_visits
from pressmark.archive.publish.archivist import Archivist, Setup
from pressmark.archive.s3.store import Store
from pressmark.archive.warc import cdxj
from pressmark.archive.warc.robots_copy import RobotsCopies
from pressmark.config import Config
from pressmark.crawl.state.known_content import KnownContent
from pressmark.crawl.state.listing_progress import ListingProgress
from pressmark.crawl.state.published_segments import PublishedSegments
from pressmark.crawl.state.request_stats import RequestStats
from pressmark.crawl.state.requisites import Requisites
from pressmark.crawl.state.revisits import Revisits
from pressmark.crawl.state.run import Run, RunStatus
from pressmark.crawl.state.staging import DocumentStager
from pressmark.model.document import Document
from pressmark.model.outcomes import Outcomes


@attrs.frozen(kw_only=True)
class CrawlParts:
    """What Scrapy's components are built from, in their `from_crawler`; nothing but a list of arguments."""

    run: Run
    status: RunStatus
    outcomes: Outcomes
    listing_progress: ListingProgress
    previous: LastRun
    ledger: Ledger
    known_content: KnownContent
    revisits: Revisits
    requisites: Requisites
    robots_copies: RobotsCopies
    request_stats: RequestStats
    archivist: Archivist
    stager: DocumentStager
    published: PublishedSegments

    @classmethod
    def of(cls, crawler: Any) -> Self:
        """Return the parts that the spider of a Scrapy crawler was built from; Scrapy builds the spider first."""
        parts: Self = crawler.spider.parts
        return parts

    @classmethod
    def build(
        cls,
        config: Config,
        store: Store,
        run: Run,
        *,
        read_again: Callable[[str], Document | None] = lambda key: None,
        on_change: Callable[[Outcomes, ListingProgress], None] = lambda outcomes, progress: None,
    ) -> Self:
        """Build the parts of a run; this reads from the bucket what earlier runs left.

        Args:
            config: names the spool and the operator.
            store: the bucket.
            run: the run.
            read_again: reads the captures of a stored document; see `KnownContent`.
            on_change: called after each change of an outcome, from several threads.
        """
        site = run.site
        status, progress = RunStatus(), ListingProgress()
        outcomes = Outcomes(on_change=lambda: on_change(outcomes, progress))
        ledger = Ledger(store, site.site)
        last = last_run if run.scope.regular else last_visits
        previous = last(store, site.site, run.section_name, run.started_at)
        revisits = Revisits(
            site.recheck,
            previous.visits,
            run.started_at,
            unconditional=run.scope.unconditional,
            irregular=not run.scope.regular,
        )
        captured = cdxj.captures(store, site.site, run.started_at)
        published = PublishedSegments(spool_folder(config, run), outcomes)
        setup = Setup(
            config=config,
            site=site.site,
            run_id=run.run_id,
            info=run.warcinfo(config),
            earlier={url: each for url, each in captured.items() if each.status == 200 and not _is_robots(url)},
        )
        archivist = Archivist(setup, published.add, status.abort)
        return cls(
            run=run,
            status=status,
            outcomes=outcomes,
            listing_progress=progress,
            previous=previous,
            ledger=ledger,
            known_content=KnownContent(store, site.site, ledger, revisits, read_again),
            revisits=revisits,
            requisites=Requisites(site, {url for url, capture in captured.items() if capture.status < 500}),
            robots_copies=RobotsCopies(store, site.site, run.started_at, captured),
            request_stats=RequestStats(),
            archivist=archivist,
            stager=DocumentStager(site, ledger, outcomes, archivist),
            published=published,
        )


def spool_folder(config: Config, run: Run) -> Path:
    """Return the folder of the site in the spool."""
    return config.spool / run.site.site


def _is_robots(url: str) -> bool:
    """Each robots.txt is stored whole, and never as a revisit of an earlier one: its age is that of its record."""
    return url.endswith("/robots.txt")
