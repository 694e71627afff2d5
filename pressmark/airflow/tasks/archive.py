"""Tasks around a crawl: publish what was left, find an article, read back the result, report it."""

import logging
from collections.abc import Callable
from typing import Any

from airflow.sdk.exceptions import AirflowFailException

from pressmark.airflow.tasks.bucket import open_store
from pressmark.archive.s3.store import Store
from pressmark.config import Config
from pressmark.crawl.state.run import changed
from pressmark.errors import HostBusy, UsageError
from pressmark.jobs.audit.verify import verify_run
from pressmark.model.outcomes import Outcome
from pressmark.monitoring.alarm import MOST_LISTED
from pressmark.reader import Reader
from pressmark.sites.site import Site
from pressmark.text import shown

logger = logging.getLogger("pressmark.report")


def recover_site(site: Site) -> None:
    """Publish what killed runs of a site left on this machine; while a crawl of it runs, the crawls do it."""
    from pressmark.crawl.recover import recover_and_publish  # It brings Scrapy.

    config = Config.read()
    try:
        found = recover_and_publish(config, Store.open(config), site)
    except HostBusy as error:
        logger.info("left to the crawls, which do it when they start: %s", error)
        return
    for each in found:
        logger.info("%s: %d records, %d versions published", each.segment, each.records, each.published)
    if not found:
        logger.info("nothing was left on this machine")


def article_url(site: Site, article: str) -> str:
    """Return the URL of an article that is given by its URL, or by an id that is in the bucket.

    Raises:
        AirflowFailException: it is neither.
    """
    if site.article_match(article):
        return article
    try:
        versions = Reader(Store.open(Config.read()), site.site).versions(article)
    except UsageError as error:
        raise AirflowFailException(str(error)) from error
    if not versions:
        raise AirflowFailException(f"{article!r} is no article of {site.title} that the bucket knows: give its URL")
    return str(versions[-1].data["url"])


def verify_crawl(
    crawled: dict[str, Any] | None, on_findings: Callable[[dict[str, str]], None] = lambda found: None
) -> None:
    """Check every object of a crawl's manifest.

    Args:
        crawled: what the crawl returned.
        on_findings: gets the findings, by the object's key.

    Raises:
        AirflowFailException: there are findings, and the message lists them; or the crawl left no result (None).
    """
    crawled = _result(crawled)
    findings = verify_run(open_store(), crawled["manifest_key"])
    if findings:
        on_findings({each.key: each.problem for each in findings})
        listed = "\n".join(f"  {shown(each.key)}: {each.problem}" for each in findings[:MOST_LISTED])
        more = f"\n  and {len(findings) - MOST_LISTED} more" if len(findings) > MOST_LISTED else ""
        raise AirflowFailException(f"{len(findings)} findings in {crawled['manifest_key']}:\n{listed}{more}")
    logger.info("every object of run %s is there and whole", crawled["run_id"])


def report_crawl(crawled: dict[str, Any] | None) -> dict[str, Any]:
    """Log the counts in one line, and return the extra of the asset's event.

    Raises:
        AirflowFailException: the crawl left no result (None).
    """
    crawled = _result(crawled)
    counts = crawled["counts"]
    summary = ", ".join(
        f"{outcome.replace('_', ' ')} {counts.get(outcome, 0)}"
        for outcome in Outcome
        if counts.get(outcome) or outcome is Outcome.PUBLISHED
    )
    recovered = crawled["recovered"]["published"]
    brought = changed(counts, newly_rejected=crawled["newly_rejected"], recovered=recovered)
    logger.info("%s%s of %d seen", "" if brought else "nothing changed: ", summary, counts["seen"])
    if recovered:
        logger.info("and published %d versions that earlier runs had left", recovered)
    return {**counts, "recovered": recovered, "manifest_key": crawled["manifest_key"], "run_id": crawled["run_id"]}


def _result(crawled: dict[str, Any] | None) -> dict[str, Any]:
    if crawled is None:
        raise AirflowFailException(
            "the crawl left no result here: it was marked as success by hand, or this run was divided again since. "
            "What it captured is published, by the next run at the latest. To report it in this run, clear the "
            "crawl with what follows it (Downstream)."
        )
    return crawled
