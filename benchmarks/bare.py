"""The bare requests of a run: `bare.py PAGES URL DELAY` sends conditional requests with this crawl's settings."""

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
from pressmark.crawl.state.run import Run, RunStatus, user_agent
from pressmark.local.newsroom.site_file import newsroom_site


class Asker(Spider):
    """Sends the requests and ignores the responses."""

    name = "asker"
    pages: Any
    site: Any
    parts: Any = None
    handle_httpstatus_list = (304,)

    async def start(self) -> Any:
        """Request all pages."""
        for page in self.pages:
            headers = {"If-None-Match": page["etag"], "If-Modified-Since": page["last_modified"]}
            yield Request(page["url"], headers={name: value for name, value in headers.items() if value})

    async def parse(self, response: Any) -> None:
        """Check the status only."""
        assert response.status == 304


def main() -> None:
    """Crawl."""
    logging.disable(logging.INFO)
    site = newsroom_site()
    politeness = site.politeness.model_copy(update={"delay": float(sys.argv[3]), "concurrency": 4})
    site = site.model_copy(update={"origin": sys.argv[2], "politeness": politeness})
    run = Run.new(site, "world/europe")
    no_copies = SimpleNamespace(last=lambda url: None, serving=lambda url: None)
    parts = SimpleNamespace(run=run, status=RunStatus(), robots_copies=no_copies)
    settings = crawl_settings(run, user_agent(Config(spool=Path())))
    del settings["DOWNLOAD_HANDLERS"]
    process = AsyncCrawlerProcess(settings)
    process.crawl(Asker, site=site, parts=parts, pages=json.loads(Path(sys.argv[1]).read_text()))
    process.start()


if __name__ == "__main__":
    main()
