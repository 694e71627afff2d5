"""What the DAGs share: ids, owner, tags and pools, and the assets that trigger other DAGs."""

import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from airflow.sdk import Asset, Param
from airflow.sdk.definitions.callback import SyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert

from pressmark.airflow.ids import slug
from pressmark.airflow.pools import pool_name
from pressmark.airflow.retries import RETRIES
from pressmark.airflow.run_deadline import RunQueued
from pressmark.config import Config
from pressmark.errors import SiteFileError
from pressmark.sites.site import Site
from pressmark.sites.site_files import Sites, load_sites

START = datetime(2000, 1, 1, tzinfo=UTC)
"""Before any date that a run is triggered for: a run of an earlier date would have no task and be green at once."""
OWNER = "pressmark"

PRIORITY_ASKED, PRIORITY_SCHEDULE, PRIORITY_BACKFILL = 1000, 100, 1
"""Priorities in a host's pool: an article that a person asked for, the schedule, a backfill."""

TIMEOUT_IN_DEADLINES = 12
"""A scheduled run is ended after this many deadlines of its section; its crawl ends itself long before."""
RUN_TIMEOUTS = {
    "recrawl_article": timedelta(days=1),
    "package": timedelta(days=2),
    "audit": timedelta(days=3),
    "rederive": timedelta(days=30),
    "backfill": timedelta(days=90),
}
"""How long a run of each kind of DAG may take. Airflow then ends it: a run that hangs would block all later ones."""


def sites() -> Sites:
    """Return the sites that have DAGs: those with an enabled section.

    If two sections would have the same DAG id, the site of the second is left out.

    Raises:
        SiteFileError: the folder of site files can't be read.
    """
    known = load_sites(Config.read().sites)
    found: dict[str, Site] = {}
    wrong = list(known.wrong)
    named: dict[str, str] = {}
    for site in known.values():
        names = [(slug(site.site, section), f"{site.site}/{section}") for section in site.enabled]
        taken = dict(named)
        if clash := next(((name, where) for name, where in names if taken.setdefault(name, where) != where), None):
            name, where = clash
            text = f"{taken[name]} and {where} would have one DAG id, ..._{name}: rename one of them"
            wrong.append(SiteFileError(text))
        elif names:
            found[site.site], named = site, taken
    return Sites(found, tuple(wrong))


def articles(site: Site, section: str) -> Asset:
    """Return the asset of a section's documents; each run updates it with its counts."""
    bucket = Config.read().bucket
    return Asset(f"articles_{slug(site.site, section)}", uri=f"s3://{bucket}/articles/{site.site}/?section={section}")


def dag_options(kind: str, site: Site, section: str | None = None) -> dict[str, Any]:
    """Return the options that all DAGs share."""
    name = f"{site.title}: {site.sections[section].name}" if section else site.title
    timeout = RUN_TIMEOUTS.get(kind) or site.sections[str(section)].deadline * TIMEOUT_IN_DEADLINES
    return {
        "dag_id": f"{kind}_{slug(site.site, *([section] if section else []))}",
        "dag_display_name": f"{kind.replace('_', ' ').capitalize()} {name}",
        "start_date": START,
        "catchup": False,
        "max_active_runs": 1,
        "dagrun_timeout": timeout,
        "render_template_as_native_obj": True,
        "default_args": {"owner": OWNER},
        "tags": [kind, site.site, *([section] if section else [])],
    }


def deadline(site: Site, section: str) -> DeadlineAlert | None:
    """Return the alert for a run that misses its deadline.

    None in `airflow dags test`: with a deadline, it exits with 1 after a successful run (Airflow 3.3.2).
    """
    if sys.argv[1:3] == ["dags", "test"]:
        return None
    allowed = site.sections[section].deadline
    return DeadlineAlert(
        reference=RunQueued(),
        interval=allowed,
        callback=SyncCallback(
            "pressmark.airflow.alerts.section.notify_late",
            {"section": f"{site.site}/{section}", "allowed": allowed.total_seconds()},
        ),
    )


def failure_callbacks(section: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the callbacks that report failures of a section (`SITE/SECTION`): for its DAG, and for its tasks."""

    def on_run_failure(context: Any) -> None:
        from pressmark.airflow.alerts.section import notify_timed_out  # Parsing stays light.

        notify_timed_out(section, context)

    def on_try_failure(context: Any, *, is_last: bool = False) -> None:
        from pressmark.airflow.alerts.section import notify_failed_try  # Parsing stays light.

        notify_failed_try(section, context, is_last=is_last)

    return {"on_failure_callback": on_run_failure}, {
        "on_failure_callback": partial(on_try_failure, is_last=True),
        "on_retry_callback": on_try_failure,
    }


def partition_params() -> dict[str, Param]:
    """Return the parameters of DAGs that map a task over partitions of an archive."""
    day: dict[str, Any] = {"type": ["null", "string"], "format": "date"}
    return {
        "since": Param(
            None,
            **day,
            title="Since",
            description="First day of the crawls, UTC; empty: from the beginning",
        ),
        "until": Param(None, **day, title="Until", description="Last day"),
        "megabytes": Param(
            2048,
            type="integer",
            minimum=1,
            maximum=1_000_000,
            title="Megabytes",
            description="Approximate size of a partition's segments",
        ),
    }


def crawl_options(site: Site, priority: int) -> dict[str, Any]:
    """Return the options that all crawl tasks share: one crawl of a host at a time, the most urgent first."""
    return {
        "pool": pool_name(site.site),
        "priority_weight": priority,
        "weight_rule": "absolute",
        "retries": 3,
        "retry_policy": RETRIES,
        "retry_delay": timedelta(minutes=1),
        "retry_exponential_backoff": 2,
        "max_retry_delay": timedelta(minutes=30),
    }
