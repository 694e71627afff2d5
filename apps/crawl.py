"""The crawl: wires a run to Scrapy and sees it through to its manifest.

Once per process: Twisted's reactor can't be started again.
"""

import asyncio
import logging
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import attrs
from filelock import FileLock, Timeout

from pressmark.archive.manifest import Manifest
from pressmark.archive.store import Store
from pressmark.config import Config
from pressmark.errors import HostBusy, PressmarkError, SpoolError
from pressmark.run import Run
from pressmark.site import Site

if TYPE_CHECKING:
    from scrapy.crawler import AsyncCrawlerProcess

LOCK_SECONDS = 60
"""How long a crawl waits for another one of the same host: one that was stopped drains in less."""

logger = logging.getLogger("pressmark.crawl")


@attrs.frozen(kw_only=True)
class Result:
    """What a crawl leaves behind."""

    manifest_key: str
    manifest: Manifest
    failure: PressmarkError | None
    """Why the result can't be trusted; the manifest says it too."""


def crawl(
    config: Config,
    site: Site,
    section: str,
    *,
    run_id: str | None = None,
    pages: int | None = None,
    recheck: bool = False,
    on_change: Callable[[Run], None] = lambda run: None,
) -> Result:
    """Crawl a section and publish what it has; SIGTERM and SIGINT end it early and orderly.

    Raises:
        BucketError: the bucket can't be used; what was captured stays in the spool for the next run.
        HostBusy: another crawl of this host goes on.
        SpoolError: the local spool can't be used.
    """
    store = Store.open(config)
    with _host_to_ourselves(config, site):
        run = Run(config, store, site, section, run_id=run_id, pages=pages, recheck=recheck, on_change=on_change)
        logger.info("run %s: %s/%s, up to %d listing pages", run.run_id, site.site, section, run.pages)
        run.publish_leftovers()
        if run.recovered.segments:
            logger.info("published %d segments that an earlier run left", run.recovered.segments)
        if left_open := run.torn():
            logger.warning("segments that a killed run left open, not published: %s", ", ".join(left_open))
        _run_spider(run)
        key = run.close()
    return Result(manifest_key=key, manifest=run.manifest(), failure=run.failure)


def _run_spider(run: Run) -> None:
    from scrapy.crawler import AsyncCrawlerProcess

    from pipelines import STEPS
    from spiders.section import SectionSpider
    from spiders.settings import crawl_settings

    process = AsyncCrawlerProcess(crawl_settings(run) | {"ITEM_PIPELINES": STEPS})
    process.crawl(SectionSpider, run=run)
    _stop_on_signals(process, run)
    process.start(install_signal_handlers=False)


def _stop_on_signals(process: "AsyncCrawlerProcess", run: Run) -> None:
    loop = asyncio.get_event_loop()
    process_stop: list[asyncio.Task[None]] = []  # The loop itself holds tasks by weak references only.

    def stop() -> None:
        if not run.interrupted:
            run.interrupted = True
            logger.warning("asked to stop: finishing what is under way")
            process_stop.append(loop.create_task(process.stop()))

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)


@contextmanager
def _host_to_ourselves(config: Config, site: Site) -> Iterator[None]:
    """Hold the host's lock: one crawl per host on this machine; the pool slot does it across machines."""
    host = urlsplit(site.origin).netloc.replace(":", "-")
    try:
        config.spool.mkdir(parents=True, exist_ok=True)
        lock = FileLock(config.spool / f"{host}.lock", timeout=LOCK_SECONDS)
        with lock:
            yield
    except Timeout:
        raise HostBusy(
            f"another crawl of {host} goes on (lock {lock.lock_file}) and did not end in {LOCK_SECONDS} s."
        ) from None
    except OSError as error:
        raise SpoolError(f"the spool {config.spool} can't be used: {error}. Set PRESSMARK_SPOOL.") from error
