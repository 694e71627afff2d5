"""What the archive DAG does after its crawl: read back what it left, and tell of it."""

import logging
import os
from typing import Any

from airflow.sdk.exceptions import AirflowFailException

from pressmark.archive.store import Store
from pressmark.archive.verify import verify_run
from pressmark.config import Config
from pressmark.outcomes import Outcome
from pressmark.run import changed

SHOWN = 20
"""Findings that a task's message lists; `pressmark verify --full` lists all."""

logger = logging.getLogger("pressmark.report")


def verify_crawl(crawled: dict[str, Any]) -> None:
    """Check every object of a crawl's manifest; fail for good with the findings listed."""
    logging.getLogger("botocore").setLevel(logging.WARNING)  # It tells where it found its keys, each time.
    findings = verify_run(Store.open(Config.from_env(os.environ)), crawled["manifest_key"])
    if findings:
        listed = "\n".join(f"  {each.key}: {each.problem}" for each in findings[:SHOWN])
        more = f"\n  and {len(findings) - SHOWN} more" if len(findings) > SHOWN else ""
        raise AirflowFailException(f"{len(findings)} findings in {crawled['manifest_key']}:\n{listed}{more}")
    logger.info("every object of run %s is there and whole", crawled["run_id"])


def report_crawl(crawled: dict[str, Any]) -> dict[str, Any]:
    """Log the counts in one line, and return what the asset's event is to carry."""
    counts = crawled["counts"]
    told = ", ".join(
        f"{outcome.replace('_', ' ')} {counts.get(outcome, 0)}"
        for outcome in Outcome
        if counts.get(outcome) or outcome is Outcome.PUBLISHED
    )
    nothing = "" if changed(crawled) else "nothing changed: "
    logger.info("%s%s of %d seen", nothing, told, counts["seen"])
    recovered = crawled["recovered"]["published"]
    if recovered:
        logger.info("and published %d versions that earlier runs had left", recovered)
    return {**counts, "recovered": recovered, "manifest_key": crawled["manifest_key"], "run_id": crawled["run_id"]}
