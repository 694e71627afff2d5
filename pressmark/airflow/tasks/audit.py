"""Tasks of the audit DAG: divide the archive, check each partition, check the whole, write the result."""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from pressmark.airflow.tasks.bucket import open_store
from pressmark.airflow.tasks.partitions import days_in_form, divide
from pressmark.config import Config
from pressmark.jobs.audit.auditor import MOST_LISTED, Auditor, PartResult
from pressmark.jobs.audit.partitions import Partition
from pressmark.jobs.audit.verify import Finding
from pressmark.jobs.wacz.signing import trusted_keys
from pressmark.sites.site import Site

LOG_EVERY = 100
"""Runs or documents between two log lines."""
FEWEST_LISTED = 100

logger = logging.getLogger("pressmark.audit")


def plan(site: Site, form: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Divide the archive; return the arguments of each `check_partition`."""
    partitions = divide(site, form)
    listed = max(MOST_LISTED // len(partitions), FEWEST_LISTED)
    return [{"days": str(partition), "listed": listed} for partition in partitions]


def check_partition(site: Site, days: str, listed: int, moment: datetime) -> PartResult:
    """Check a partition; return the result."""
    return _auditor(site, moment).check_partition(
        Partition.parse(days), listed=listed, progress=_progress, on_finding=_log_finding
    )


def check_global(site: Site, form: Mapping[str, Any], moment: datetime) -> PartResult:
    """Check what only all runs together show."""
    return _auditor(site, moment).check_global(days_in_form(form), int(form["sample"]), progress=_progress)


def write(
    site: Site, seen: Iterable[PartResult], form: Mapping[str, Any], moment: datetime, began: datetime
) -> dict[str, Any]:
    """Write the audit; return it with its key."""
    parameters = {name: form[name] for name in ("sample", "since", "until") if form[name] is not None}
    return _auditor(site, moment).write(seen, parameters, began)


def _auditor(site: Site, moment: datetime) -> Auditor:
    config = Config.read()
    return Auditor(open_store(), site, moment.date(), trusted_keys(config.wacz_key, config.wacz_public_keys))


def _log_finding(finding: Finding) -> None:
    logger.log(logging.ERROR if finding.grave else logging.INFO, "%s: %s", finding.key, finding.problem)


def _progress(what: str, done: int, total: int) -> None:
    if done == total or not done % LOG_EVERY:
        logger.info("%s: %d of %d", what, done, total)
