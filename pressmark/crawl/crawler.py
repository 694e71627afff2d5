"""The crawl: builds a run, starts Scrapy and commits the run.

Only one crawl per process: Twisted's reactor can't be started again.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import attrs

from pressmark.archive.bucket.manifest_model import Manifest
from pressmark.archive.s3.patience import shorten_waits
from pressmark.archive.s3.store import Store
from pressmark.config import Config
from pressmark.crawl.commit import RunCommit
from pressmark.crawl.derive import reread_document
from pressmark.crawl.host_lock import host_lock
from pressmark.crawl.recover import derive_unread, recover
from pressmark.crawl.shutdown import ShutdownSignals
from pressmark.crawl.state.listing_progress import ListingProgress
from pressmark.crawl.state.parts import CrawlParts
from pressmark.crawl.state.run import Run, user_agent
from pressmark.errors import PressmarkError
from pressmark.file_system import check_reserve
from pressmark.model.outcomes import Outcomes
from pressmark.private import keep_private
from pressmark.sites.scope import Scope
from pressmark.sites.site import Site
from pressmark.sites.time_limit import time_limit

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from pressmark.crawl.scrapy.early_stop import EarlyStopMiddleware

CHECK_EVERY = 0.05
"""Seconds between two checks of an engine that is not running yet."""

logger = logging.getLogger("pressmark.crawl")


@attrs.frozen(kw_only=True)
class CrawlResult:
    """The result of a crawl."""

    manifest_key: str
    manifest: Manifest
    failure: PressmarkError | None
    """Why the result can't be trusted; it is in the manifest too."""


def crawl(
    config: Config,
    site: Site,
    section: str,
    *,
    run_id: str | None = None,
    scope: Scope | None = None,
    on_change: Callable[[Outcomes, ListingProgress], None] = lambda outcomes, progress: None,
) -> CrawlResult:
    """Crawl a section in a scope, and publish; SIGTERM and SIGINT stop it early and in order.

    Raises:
        BucketError: the bucket can't be used; captures stay in the spool for the next run.
        HostBusy: another crawl of this host is running.
        SiteFileError: the site's layout does not exist.
        SpoolError: the local spool can't be used.
        Stopped: it got a signal before it had started.
        UsageError: the scope does not fit this site.
    """
    from pressmark.extract.layouts import layout_of
    from pressmark.extract.page_reader import PageReader

    layout_of(site)
    if scope:
        scope.check(site)
    with ShutdownSignals() as shutdown:
        keep_private(config.sharing)
        store = Store.open(config)
        with host_lock(config, site):
            recovered = recover(config, store, site)
            check_reserve(config.spool, config.spool_reserve)
            run = Run.new(site, section, run_id=run_id, scope=scope)
            with PageReader(site) as reader:  # Its process starts with the first page.
                read_again = partial(reread_document, store, site, reader=reader)
                parts = CrawlParts.build(config, store, run, read_again=read_again, on_change=on_change)
                commit = RunCommit(config=config, store=store, parts=parts)
                logger.info("run %s: %s, %s", run.run_id, run.label, run.scope)
                commit.start(bytes_cut=sum(each.bytes_cut for each in recovered))
                if (earlier := parts.published.recovered).segments:
                    logger.info(
                        "published %d segments with %d versions that an earlier run left",
                        earlier.segments,
                        earlier.published,
                    )
                shutdown.make_graceful()
                _run_spider(config, parts, shutdown)
            key, manifest = commit.finish(partial(derive_unread, store, site))
    return CrawlResult(manifest_key=key, manifest=manifest, failure=parts.status.failure)


def _run_spider(config: Config, parts: CrawlParts, shutdown: ShutdownSignals) -> None:
    from scrapy import signals
    from scrapy.crawler import AsyncCrawlerProcess

    from pressmark.crawl.scrapy.settings import crawl_settings
    from pressmark.pipelines import ITEM_PIPELINES
    from pressmark.spiders.by_scope import spider_class

    run, status = parts.run, parts.status
    process = AsyncCrawlerProcess(crawl_settings(run, user_agent(config)) | {"ITEM_PIPELINES": ITEM_PIPELINES})
    crawler = process.create_crawler(spider_class(run.scope))
    limit = time_limit(run.site, run.section, run.scope)
    stopper = _CrawlStopper(crawler, limit - (datetime.now(UTC) - run.started_at), lambda: status.time_out(limit))
    crawler.signals.connect(stopper.on_opened, signals.spider_opened)
    status.stop_with(stopper.stop)

    def stop() -> None:
        logger.warning("asked to stop: finishing open requests")
        status.interrupt()
        shorten_waits()
        parts.archivist.shorten_waits()
        stopper.stop()

    shutdown.on_signal(stop)
    crawling = process.crawl(crawler, parts=parts)
    process.start(install_signal_handlers=False)
    if error := crawling.exception():
        raise error


class _CrawlStopper:
    """Stops a crawl early and in order, from any thread; a crawl that has not started stops as soon as it has."""

    def __init__(self, crawler: "Crawler", limit: timedelta, out_of_time: Callable[[], None]) -> None:
        self._crawler = crawler
        self._limit, self._out_of_time = limit.total_seconds(), out_of_time
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_requested = False
        self._tasks: list[asyncio.Task[None]] = []  # The loop keeps only weak references to tasks.

    def on_opened(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._early_stop.set_time_limit(self._limit)
        self._loop.call_later(self._limit, self._out_of_time)
        if self._is_requested:
            self.stop()

    def stop(self) -> None:
        self._is_requested = True
        if self._loop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop)

    @property
    def _early_stop(self) -> "EarlyStopMiddleware":
        from pressmark.crawl.scrapy.early_stop import EarlyStopMiddleware

        middleware = self._crawler.get_downloader_middleware(EarlyStopMiddleware)
        assert middleware
        return middleware

    def _stop(self) -> None:
        assert self._loop
        engine = self._crawler.engine
        if self._crawler.crawling and not (engine and engine.running):
            # Scrapy accepts a stop before its engine runs, ignores it, and accepts no second one.
            self._loop.call_later(CHECK_EVERY, self._stop)
            return
        if self._crawler.spider:
            self._crawler.spider.stop_reading()  # type: ignore[attr-defined]  # it is one of ours
        self._early_stop.stop()
        self._tasks.append(self._loop.create_task(self._crawler.stop_async()))
