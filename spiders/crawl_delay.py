"""Keeps to the Crawl-delay of robots.txt, as far as the site file allows."""

import logging
from typing import TYPE_CHECKING

from scrapy.crawler import Crawler

if TYPE_CHECKING:
    from pressmark.sites.site import Politeness

logger = logging.getLogger(__name__)


def slow_down(crawler: Crawler, host: str, seconds: float) -> None:
    """Ask a host only so often, for the rest of the run; the site file's own delay holds if it is longer."""
    politeness: Politeness = crawler.spider.run.site.politeness  # type: ignore[union-attr]
    if seconds > politeness.longest_delay:
        logger.warning(
            "robots.txt of %s asks for %g s between two requests: it gets %g s (`politeness.longest_delay`)",
            host,
            seconds,
            politeness.longest_delay,
        )
        seconds = politeness.longest_delay
    if seconds <= crawler.settings.getfloat("DOWNLOAD_DELAY"):
        return
    assert crawler.engine is not None
    downloader = crawler.engine.downloader
    # Slots that nobody uses for a minute are thrown away: the next one for this host must know.
    downloader.per_slot_settings[host] = {"delay": seconds}
    if slot := downloader.slots.get(host):
        slot.delay = seconds
