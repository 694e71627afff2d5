"""Alarms about a site's archive: what *verify* and *audit* find, and runs of its scheduled DAGs that fail."""

import logging
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowException

from apps.links import console_url, link_to_run
from apps.receivers import receivers
from apps.telling import Teller, fail
from apps.told import FileState, State, VariableState
from pressmark.alarm import Alarm, Kind, archive_damaged, dag_failed
from pressmark.config import Config
from pressmark.errors import UsageError

if TYPE_CHECKING:
    from airflow.sdk import Context

logger = logging.getLogger("pressmark.alarms")


def tell_findings(site: str, context: "Context", problems: Mapping[str, str], number: int | None = None) -> None:
    """Tell of objects that are missing or damaged: once, until an audit of all finds none. In a task only.

    Whoever can't be told is told by the next audit; the log says so, and the task fails for its findings alone.

    Args:
        site: its name.
        context: of the task.
        problems: what is wrong, by the object's key.
        number: how many there are, if more were found than are given.
    """
    alarm = archive_damaged(problems, number or len(problems), datetime.now(UTC))
    logger.warning("%s: %s. %s %s", site, alarm.title, alarm.message, alarm.advice)
    _tell(site, VariableState(site), context, [alarm])


def tell_no_findings(site: str, context: "Context") -> None:
    """Tell those who heard of findings that an audit of the whole archive found none. In a task only."""
    _tell(site, VariableState(site), context, over=Kind.FINDINGS)


def tell_lost_run(config: Config, site: str, context: "Context") -> None:
    """Tell if the bucket lacks the manifest of the DAG run before this one: emptied, or another one. In a task only.

    Raises:
        BucketError: the bucket failed.
    """
    from pressmark.archive.store import Store  # It brings boto3.

    instance = context["ti"]
    before = instance.get_previous_dagrun(state="success")
    crawled = before and instance.xcom_pull(task_ids="crawl", run_id=before.run_id)
    if not before or not crawled:
        return
    key = crawled["manifest_key"]
    if key not in Store.open(config).keys(key):
        tell_findings(site, context, {key: f"DAG run {before.run_id} left it, and bucket {config.bucket!r} lacks it"})


def tell_failed_run(site: str, context: Mapping[str, Any]) -> None:
    """Tell that a run of a scheduled DAG of a site failed: for its `on_failure_callback`, once until one succeeds.

    Not while the site's archive is known to be damaged, or the bucket to be away: that is why, and was told.
    """
    if _stands(site, Kind.FINDINGS) or _stands("bucket", Kind.BUCKET_AWAY):
        return
    alarm = dag_failed(context["dag"].dag_id, context["run_id"], datetime.now(UTC))
    logger.warning("%s: %s. %s %s", site, alarm.title, alarm.message, alarm.advice)
    _tell(site, _state(context), context, [alarm])


def tell_succeeded_run(site: str, context: Mapping[str, Any]) -> None:
    """Tell those who heard that runs of this DAG failed that one succeeded: for its `on_success_callback`."""
    _tell(site, _state(context), context, over=Kind.FAILING)


def _tell(site: str, state: State, context: Any, found: Sequence[Alarm] = (), *, over: Kind | None = None) -> None:
    """Tell; whoever can't be told is told the next time, since the state says that they were not."""
    links = (link_to_run(context["dag"].dag_id, context["run_id"]), ("The archive", console_url("/")))
    try:
        fail(Teller(site, receivers(os.environ), state, links, context).tell(found, {over} if over else set()))
    except (AirflowException, UsageError) as error:
        logger.warning("%s", error)


def _state(context: Mapping[str, Any]) -> FileState:
    """Return where callbacks keep it: they can't write Variables."""
    return FileState(Config.from_env(os.environ).spool / ".alarms" / f"{context['dag'].dag_id}.json")


def _stands(where: str, kind: Kind) -> bool:
    entry = VariableState(where).read().get(kind)
    return bool(entry and not entry["over"])
