"""What the audit DAG does: divide the archive, look at each portion, survey the whole, write down what was seen."""

import logging
import os
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from pressmark.airflow.tasks.bucket import opened
from pressmark.airflow.tasks.partitions import days_of, divide
from pressmark.config import Config
from pressmark.jobs.audit.auditor import LISTED, Auditor, Seen
from pressmark.jobs.audit.partitions import Portion
from pressmark.jobs.audit.verify import Finding
from pressmark.jobs.wacz.signing import trusted_keys
from pressmark.sites.site import Site

EVERY = 100
"""Runs or documents between two lines of the log."""
FEWEST_LISTED = 100

logger = logging.getLogger("pressmark.audit")


def plan(site: Site, form: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Divide the archive; return what each `look` is called with."""
    portions = divide(site, form)
    listed = max(LISTED // len(portions), FEWEST_LISTED)
    return [{"days": str(portion), "listed": listed} for portion in portions]


def look(site: Site, days: str, listed: int, moment: datetime) -> Seen:
    """Read a portion; return what was seen."""
    return _auditor(site, moment).look(Portion.parse(days), listed=listed, progress=_progress, tell=_tell)


def survey(site: Site, form: Mapping[str, Any], moment: datetime) -> Seen:
    """See what only all runs together show."""
    return _auditor(site, moment).survey(days_of(form), int(form["sample"]), progress=_progress)


def write(
    site: Site, seen: Iterable[Seen], form: Mapping[str, Any], moment: datetime, began: datetime
) -> dict[str, Any]:
    """Write down what was seen; return the audit with its key."""
    told = {name: form[name] for name in ("sample", "since", "until") if form[name] is not None}
    return _auditor(site, moment).write(seen, told, began)


def _auditor(site: Site, moment: datetime) -> Auditor:
    config = Config.from_env(os.environ)
    return Auditor(opened(), site, moment.date(), trusted_keys(config.wacz_key, config.wacz_public_keys))


def _tell(finding: Finding) -> None:
    logger.log(logging.ERROR if finding.grave else logging.INFO, "%s: %s", finding.key, finding.problem)


def _progress(what: str, done: int, total: int) -> None:
    if done == total or not done % EVERY:
        logger.info("%s: %d of %d", what, done, total)
