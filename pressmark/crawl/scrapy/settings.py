"""The Scrapy settings of a run: polite, lean, and the same for every section."""

from typing import Any

from pressmark.crawl.scrapy.resolver import ALLOWED
from pressmark.crawl.state.run import Run

HERE = __package__
MAX_BODY = 64 * 1024 * 1024


def crawl_settings(run: Run, user_agent: str) -> dict[str, Any]:
    """Return the settings for one run of one section."""
    politeness = run.site.politeness
    rate = run.scope.requests_per_minute
    concurrency = 1 if rate else politeness.concurrency
    return {
        "BOT_NAME": "pressmark",
        "USER_AGENT": user_agent,
        # As many as the host allows in total: a stopped crawl then has little to wait for.
        "CONCURRENT_REQUESTS": concurrency,
        "CONCURRENT_REQUESTS_PER_DOMAIN": concurrency,
        "DOWNLOAD_DELAY": max(politeness.delay, 60 / rate) if rate else politeness.delay,
        "DOWNLOAD_DELAY_JITTER": 0,  # Never less than the delay.
        "DOWNLOAD_TIMEOUT": politeness.timeout,
        "DOWNLOAD_MAXSIZE": MAX_BODY,
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        "RETRY_TIMES": politeness.retries,
        # No filter: the run itself knows what it has seen, and a filtered request would have no outcome.
        "DUPEFILTER_CLASS": "scrapy.dupefilters.BaseDupeFilter",
        "COOKIES_ENABLED": False,  # Each visit is a first visit: captures show what anyone sees.
        "METAREFRESH_ENABLED": False,
        "URLLENGTH_LIMIT": 0,  # It drops silently; see pressmark.crawl.scrapy.known_hosts.
        "DEFAULT_REQUEST_HEADERS": {
            "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "Accept-Language": run.site.language,
            # No brotli or zstd: replay tools can't read them.
            "Accept-Encoding": "gzip, deflate",
        },
        "DOWNLOADER_MIDDLEWARES": {
            "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
            f"{HERE}.early_stop.EarlyStopMiddleware": 10,
            f"{HERE}.known_hosts.KnownHostsMiddleware": 50,
            f"{HERE}.known_hosts.RequestUrlMiddleware": 60,
            "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
            f"{HERE}.robots.RobotsMiddleware": 100,
            f"{HERE}.resolver.RefusedAddressesMiddleware": 900,
            "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
            f"{HERE}.retry_after.RetryAfterMiddleware": 550,
            "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
            f"{HERE}.content_decoding.ContentDecodingMiddleware": 590,
        },
        "DOWNLOAD_HANDLERS": dict.fromkeys(("http", "https"), f"{HERE}.recording_handler.RecordingHandler")
        | dict.fromkeys(("data", "file", "ftp", "s3")),  # Only web pages.
        "TWISTED_DNS_RESOLVER": f"{HERE}.resolver.CheckedResolver",
        ALLOWED: list(run.site.allow_addresses),
        "EXTENSIONS": {
            f"{HERE}.unforeseen_errors.UnforeseenErrorsExtension": 0,
            "scrapy.extensions.telnet.TelnetConsole": None,
            "scrapy.extensions.logstats.LogStats": None,
            "scrapy.extensions.remote_control.RemoteControl": None,  # It opens a port.
        },
        # Scrapy starts this many tasks per response: the default of 100 makes the crawl a third slower.
        "CONCURRENT_ITEMS": 4,
        # The program that starts the crawl sets up logging.
        "LOG_ENABLED": False,
        "LOG_INSTALL_ROOT_HANDLER": False,
        "STATS_DUMP": False,
        "DEFAULT_DROPITEM_LOG_LEVEL": "DEBUG",
    }
