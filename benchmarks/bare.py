"""The bare requests of a run: `bare.py PAGES URL DELAY` asks for pages on condition, by Scrapy as it is tuned here."""

import json
import logging
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from scrapy import Request, Spider
from scrapy.crawler import AsyncCrawlerProcess

from pressmark.config import Config
from pressmark.crawl.scrapy.settings import crawl_settings
from pressmark.sites.scope import Scope
from pressmark.sites.site_files import load_sites


class Asker(Spider):
    """Asks, and leaves what comes."""

    name = "asker"
    pages: Any
    site: Any
    run: Any = None
    handle_httpstatus_list = (304,)

    async def start(self) -> Any:
        """Ask for all."""
        for page in self.pages:
            headers = {"If-None-Match": page["etag"], "If-Modified-Since": page["last_modified"]}
            yield Request(page["url"], headers={name: value for name, value in headers.items() if value})

    async def parse(self, response: Any) -> None:
        """Take no more than the status."""
        assert response.status == 304


def main() -> None:
    """Crawl."""
    logging.disable(logging.INFO)
    site = load_sites(None)["newsroom"]
    politeness = site.politeness.model_copy(update={"delay": float(sys.argv[3]), "concurrency": 4})
    site = site.model_copy(update={"origin": sys.argv[2], "politeness": politeness})
    run: Any = SimpleNamespace(site=site, config=Config(spool=Path()), scope=Scope())
    settings = crawl_settings(run)
    del settings["DOWNLOAD_HANDLERS"]
    process = AsyncCrawlerProcess(settings)
    process.crawl(Asker, site=site, run=run, pages=json.loads(Path(sys.argv[1]).read_text()))
    process.start()


if __name__ == "__main__":
    main()
