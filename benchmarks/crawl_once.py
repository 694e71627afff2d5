"""One crawl of `serve_pages` in one way: `crawl_once.py VARIANT URL FOLDER` prints JSON with its costs.

Variants: `plain` (Scrapy's defaults), `webarchive` (the same with scrapy-webarchive), `tuned` (Pressmark's settings
without the recorder), `capture` (with recorder, segments and CDXJ; uploads go to a stand-in, as there is no network
to measure) and `whole` (a complete run: with the pipelines, every version an object in the bucket that the
environment names, and a manifest).
"""

import json
import logging
import os
import resource
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import attrs

from pressmark.archive.publish import archivist
from pressmark.archive.s3.store import Store
from pressmark.config import Config
from pressmark.crawl.commit import RunCommit
from pressmark.crawl.state.parts import CrawlParts
from pressmark.crawl.state.request_stats import RequestStats
from pressmark.crawl.state.run import Run, RunStatus, user_agent
from pressmark.local.newsroom.site_file import newsroom_site
from pressmark.pipelines import ITEM_PIPELINES

CONCURRENCY = 16


def main() -> None:
    """Crawl and print."""
    variant, url, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    logging.disable(logging.INFO)
    site = newsroom_site()
    politeness = site.politeness.model_copy(update={"concurrency": CONCURRENCY})
    site = site.model_copy(update={"origin": url, "politeness": politeness})
    no_copies = SimpleNamespace(last=lambda url: None, serving=lambda url: None)
    config = Config(spool=folder)
    run = Run.new(site, "world/europe")
    parts: Any = SimpleNamespace(run=run, status=RunStatus(), request_stats=RequestStats(), robots_copies=no_copies)
    finish: Any = lambda: None  # noqa: E731 - until there is something to finish
    if variant == "capture":
        archivist.COMMAND = (sys.executable, "-m", "benchmarks.archivist")
        setup = archivist.Setup(config=config, site="bench", run_id="run1", info={"software": "benchmark"}, earlier={})
        parts.archivist = archivist.Archivist(setup, lambda published, outcomes: None)
        parts.archivist.start()  # Before Scrapy is imported, as a real run does; no variant's imports are measured.
        finish = parts.archivist.close

    if variant == "whole":
        config = attrs.evolve(Config.read(), spool=folder)
        store = Store.open(config)
        parts = CrawlParts.build(config, store, run)
        commit = RunCommit(config=config, store=store, parts=parts)
        commit.start()
        finish = commit.finish

    from scrapy.crawler import AsyncCrawlerProcess

    from benchmarks.reader import Reader
    from pressmark.crawl.scrapy.settings import crawl_settings
    from pressmark.extract.page_reader import PageReader

    settings: dict[str, Any] = {"LOG_LEVEL": "ERROR", "TELNETCONSOLE_ENABLED": False}
    if variant == "webarchive":
        settings |= {
            "EXTENSIONS": {"scrapy_webarchive.extensions.WaczExporter": 543},
            "SW_EXPORT_URI": str(folder / "crawl.wacz"),
        }
    if variant in {"tuned", "capture", "whole"}:
        settings = crawl_settings(run, user_agent(config))
    if variant == "whole":
        settings["ITEM_PIPELINES"] = ITEM_PIPELINES
    if variant == "tuned":
        del settings["DOWNLOAD_HANDLERS"]

    with PageReader(site) as reader:
        reader.start()  # No variant's imports are measured.
        started, cpu = time.perf_counter(), _cpu()
        process = AsyncCrawlerProcess(settings)
        crawler = process.create_crawler(Reader)
        process.crawl(crawler, site=site, parts=parts, reader=reader, first=f"{url}/list/1")
        process.start()
        finish()
    spider = crawler.spider
    print(
        json.dumps(
            {
                "pages": spider.pages,
                "seconds": time.perf_counter() - started,
                "cpu": _cpu() - cpu,
                "memory": spider.memory,
                "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            }
        )
    )


def _cpu() -> float:
    """Return the CPU seconds of this process and of its ended children."""
    return sum(os.times()[:4])


if __name__ == "__main__":
    main()
