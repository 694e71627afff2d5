"""One crawl of `serve_pages` in one way: `crawl_once.py VARIANT URL FOLDER` prints JSON with what it took.

Variants: `plain` (Scrapy's defaults), `webarchive` (the same with scrapy-webarchive), `tuned` (Pressmark's settings
without the recorder) and `capture` (with recorder, segments and CDXJ; uploads go to a stand-in, as there is no network
to measure).
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

import psutil
from scrapy import Request, Spider
from scrapy.crawler import AsyncCrawlerProcess
from web_poet import HttpResponse, HttpResponseHeaders

from pressmark.archive import archivist
from pressmark.config import Config
from pressmark.site import load_sites
from spiders.layouts import page_response
from spiders.pages.chinadaily import ArticlePage
from spiders.settings import crawl_settings

CONCURRENCY = 16
SAMPLE_EVERY = 1000


class Reader(Spider):
    """Follows the listing and reads all fields of every article, in every variant."""

    name = "reader"
    site: Any
    run: Any = None
    first: str
    pages = 0
    memory: list[int]

    async def start(self) -> Any:
        """Begin with the first listing page."""
        self.memory = []
        yield Request(self.first, self.parse_listing)

    def parse_listing(self, response: Any) -> Any:
        """Ask for all."""
        for href in response.css("a.article::attr(href)").getall():
            yield response.follow(href, self.parse_article)
        if following := response.css("a.next::attr(href)").get():
            yield response.follow(following, self.parse_listing, priority=-1)

    async def parse_article(self, response: Any) -> Any:
        """Read all fields."""
        headers = HttpResponseHeaders.from_bytes_dict(response.headers)
        page: HttpResponse = page_response(response.url, response.body, response.status, headers)
        yield {"article": await ArticlePage(page, site=self.site).to_item()}
        self.pages += 1
        if self.pages % SAMPLE_EVERY == 0:
            self.memory.append(_memory())


def main() -> None:
    """Crawl and print."""
    variant, url, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    logging.disable(logging.INFO)
    site = load_sites(None)["newsroom"]
    politeness = site.politeness.model_copy(update={"concurrency": CONCURRENCY})
    site = site.model_copy(update={"origin": url, "politeness": politeness})
    run = SimpleNamespace(site=site, config=Config(spool=folder))
    settings: dict[str, Any] = {"LOG_LEVEL": "ERROR", "TELNETCONSOLE_ENABLED": False}
    if variant == "webarchive":
        settings |= {
            "EXTENSIONS": {"scrapy_webarchive.extensions.WaczExporter": 543},
            "SW_EXPORT_URI": str(folder / "crawl.wacz"),
        }
    finish = lambda: None  # noqa: E731 - until there is something to finish
    if variant in {"tuned", "capture"}:
        settings = crawl_settings(run)
    if variant == "tuned":
        del settings["DOWNLOAD_HANDLERS"]
    if variant == "capture":
        archivist.COMMAND = (sys.executable, "-m", "benchmarks.archivist")
        setup = archivist.Setup(
            config=run.config, site="bench", run_id="run1", info={"software": "benchmark"}, earlier={}
        )
        run.archivist = archivist.Archivist(setup, lambda published, settled: None)
        finish = run.archivist.close

    started, cpu = time.perf_counter(), _cpu()
    process = AsyncCrawlerProcess(settings)
    crawler = process.create_crawler(Reader)
    process.crawl(crawler, site=site, run=run, first=f"{url}/list/1")
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
    """Return the CPU seconds of this process and those it waited for."""
    return sum(os.times()[:4])


def _memory() -> int:
    """Return the bytes this process and its archivist hold now."""
    me = psutil.Process()
    return sum(each.memory_info().rss for each in [me, *me.children()])


if __name__ == "__main__":
    main()
