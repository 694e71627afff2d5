"""Downloads a list of requests through the recording handler into a spool: `wire_crawl.py FOLDER < requests.json`.

Prints `{"peak", "traffic"}`: the most memory it held, in bytes, and the requests it counted.
"""

import json
import resource
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from scrapy import Request, Spider, signals
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.exceptions import StopDownload

from pressmark.archive.spool.spool import Spool
from pressmark.crawl.state.request_stats import RequestStats

LARGEST = 4_000_000
"""Bytes of a body that is held in memory."""


class Downloads(Spider):
    """Sends one request after the other; the responses do not matter here."""

    name = "downloads"
    parts: Any
    requests: list[dict[str, Any]]

    async def start(self) -> Any:
        self.crawler.signals.connect(self.headers_received, signals.headers_received)
        for each in self.requests:
            yield Request(each.pop("url"), self.ignore, errback=self.ignore, dont_filter=True, **each)

    def ignore(self, _: Any) -> None:
        """Do nothing."""

    def headers_received(self, request: Request, **_: Any) -> None:
        """Stop the download if the URL says so."""
        if "stop" in request.url:
            raise StopDownload(fail=False)


def main() -> None:
    """Download all and leave one sealed segment."""
    spool = Spool(Path(sys.argv[1]), "wire", "run1", {"software": "test"}, lambda batch: None)
    settings = {
        "DOWNLOAD_HANDLERS": {
            "http": "pressmark.crawl.scrapy.recording_handler.RecordingHandler",
            "https": "pressmark.crawl.scrapy.recording_handler.RecordingHandler",
        },
        "ALLOWED_ADDRESSES": ["127.0.0.0/8"],
        "CONCURRENT_REQUESTS": 1,
        "RETRY_ENABLED": False,
        "REDIRECT_ENABLED": False,
        "DOWNLOAD_TIMEOUT": 1.5,
        "DOWNLOAD_MAXSIZE": LARGEST,
        "TELNETCONSOLE_ENABLED": False,
        "LOG_ENABLED": False,
        "EXTENSIONS": {"scrapy.extensions.remote_control.RemoteControl": None},
    }
    process = AsyncCrawlerProcess(settings)
    request_stats = RequestStats()
    parts = SimpleNamespace(archivist=spool, request_stats=request_stats)
    process.crawl(Downloads, parts=parts, requests=json.load(sys.stdin))
    process.start()
    spool.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = {"peak": peak if sys.platform == "darwin" else peak * 1024, "traffic": request_stats.summary()}
    print(json.dumps(result))  # noqa: T201 - its result


if __name__ == "__main__":
    main()
