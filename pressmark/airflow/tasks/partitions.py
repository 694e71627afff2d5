"""What DAGs share that map a task over partitions of an archive."""

import logging
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from pressmark.airflow.tasks.bucket import open_store
from pressmark.errors import UsageError
from pressmark.jobs.audit.partitions import Partition, partitions
from pressmark.sites.site import Site

MEGABYTE = 1 << 20
DAY = timedelta(days=1)

logger = logging.getLogger("pressmark.portions")


def divide(site: Site, form: Mapping[str, Any]) -> list[Partition]:
    """Divide a site's archive, or the days of it that a form names.

    Args:
        site: the site.
        form: the parameters of the DAG run: `since`, `until`, `megabytes`.

    Raises:
        UsageError: the days are the wrong way round.
    """
    found = partitions(open_store(), site.site, int(form["megabytes"]) * MEGABYTE, days_in_form(form))
    logger.info("%d partitions, %d MB of segments", len(found), sum(each.size for each in found) // MEGABYTE)
    return found


def days_in_form(form: Mapping[str, Any]) -> Partition:
    """Return the days that a form names; without a bound, all before or after.

    Raises:
        UsageError: they are the wrong way round.
    """
    since, until = (date.fromisoformat(form[name]) if form[name] else None for name in ("since", "until"))
    if since and until and since > until:
        raise UsageError(f"since, until: {since} comes after {until}")
    return Partition(since or date.min, min(until, date.max - DAY) + DAY if until else date.max)
