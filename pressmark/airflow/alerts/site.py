"""Alarms about a site's archive: missing or damaged objects, lost runs, failing DAGs."""

import json
import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk import Variable
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from pressmark.airflow.alerts.deliver import AlarmSender, fail, log_alarm
from pressmark.airflow.alerts.notifiers import recipients
from pressmark.airflow.alerts.sent_state import VariableState
from pressmark.airflow.links import console_url, link_to_run
from pressmark.config import alarms
from pressmark.errors import UsageError
from pressmark.model import strict_json
from pressmark.monitoring.alarm import Alarm, Kind, archive_damaged, dag_failed, run_lost

if TYPE_CHECKING:
    from airflow.sdk import Context

    from pressmark.archive.s3.store import Store

GRAVE = "grave"
"""XCom of a task that failed for its findings and reported them."""
_FAILED = {"failed", "upstream_failed"}

logger = logging.getLogger("pressmark.alarms")


def notify_findings(site: str, context: "Context", problems: Mapping[str, str], number: int | None = None) -> None:
    """Report missing or damaged objects: once, until an audit of the whole archive finds none. In a task only.

    If a recipient can't be notified, the log says so, and the next audit tries again; the task fails for its findings.

    Args:
        site: its name.
        context: of the task.
        problems: what is wrong, by the object's key.
        number: how many were found, if more than these.
    """
    alarm = archive_damaged(problems, number or len(problems), datetime.now(UTC))
    log_alarm(site, alarm)
    context["ti"].xcom_push(GRAVE, number or len(problems))
    _notify_now_or_next_time(site, context, [alarm])


def notify_no_findings(site: str, context: "Context", began: datetime) -> None:
    """Notify those who got findings that an audit of the whole archive found none. In a task only.

    Findings reported since the audit began stay open: they may be in runs that it had read before.
    """
    sent = VariableState(site).read().get(Kind.FINDINGS)
    if sent and datetime.fromisoformat(sent["since"]) < began:
        _notify_now_or_next_time(site, context, [], {Kind.FINDINGS})


def _notify_now_or_next_time(
    site: str, context: "Context", found: Sequence[Alarm], judged: Collection[Kind] = ()
) -> None:
    """Send; a failed delivery is logged, and the next audit tries again."""
    try:
        fail(_sender(site, site, context).send(found, judged))
    except (AirflowException, UsageError) as error:
        logger.warning("%s", error)


def watch_run(site: str, context: "Context", enough: int) -> None:
    """Report failed runs of a scheduled DAG, once until a run over the whole archive succeeds. In its last task only.

    Failures that a task has reported itself are left out. While the bucket is known to be away, failures do not count.

    Args:
        site: the DAG's site.
        context: of the task.
        enough: how many runs in a row have to fail.

    Raises:
        AirflowFailException: a task failed, and so does the run; or `PRESSMARK_ALARMS` can't be read.
        AirflowException: a recipient could not be notified; another try notifies only those.
    """
    instance, dag_id, run_id = context["ti"], context["ti"].dag_id, context["run_id"]
    states = instance.get_task_states(dag_id=dag_id, run_ids=[run_id]).get(run_id, {})
    failed = sorted(name for name, state in states.items() if state in _FAILED and name != instance.task_id)
    already_notified = failed and all(instance.xcom_pull(task_ids=name, key=GRAVE) for name in failed)
    is_whole = not any(context["params"].get(name) for name in ("since", "until"))
    alarm = dag_failed(dag_id, run_id, failed, datetime.now(UTC)) if failed else None
    if alarm and _is_open("bucket", Kind.BUCKET_AWAY):
        raise AirflowFailException(alarm.message)
    in_a_row = _failures(f"pressmark_failed_runs/{dag_id}", has_failed=bool(failed))
    try:
        if alarm and in_a_row >= enough and not already_notified:
            log_alarm(site, alarm)
            fail(_sender(site, dag_id, context).send([alarm], ()))
        elif not alarm and is_whole:
            fail(_sender(site, dag_id, context).send([], {Kind.FAILING}))
    except UsageError as error:
        raise AirflowFailException(str(error)) from error
    if alarm:
        raise AirflowFailException(alarm.message)


def find_lost_run(store: "Store", section: str, context: "Context") -> tuple[list[Alarm], frozenset[Kind]]:
    """Look for the previous run in the bucket: if it is gone, the bucket was replaced or emptied.

    Args:
        store: the bucket.
        section: `SITE/SECTION`.
        context: of a task after *crawl*.

    Returns:
        What is wrong, and the kinds that were checked. A section without a lost run ends no alarm of other sections.

    Raises:
        BucketError: the bucket failed.
    """
    from pressmark.archive.s3 import conditional_write  # It brings boto3.

    name = f"pressmark_last_run/{section}"
    known, was_lost = _last_run(name)
    if known and not conditional_write.head(store, known):
        if not was_lost:
            Variable.set(name, json.dumps({"key": known, "lost": True}))
        return [run_lost(known, store.bucket, name, datetime.now(UTC))], frozenset({Kind.RUNS_LOST})
    crawled = context["ti"].xcom_pull(task_ids="crawl")
    if crawled:
        Variable.set(name, json.dumps({"key": crawled["manifest_key"], "lost": False}), "The section's last run.")
    return [], frozenset({Kind.RUNS_LOST}) if was_lost or not known else frozenset()


def _failures(name: str, *, has_failed: bool) -> int:
    """Count this run, and return how many have failed in a row."""
    before = str(Variable.get(name, default="0"))
    number = (int(before) if before.isdecimal() else 0) + 1 if has_failed else 0
    if str(number) != before:
        Variable.set(name, str(number), "Runs that failed in a row.")
    return number


def _last_run(name: str) -> tuple[str, bool]:
    written = str(Variable.get(name, default="{}")).encode(errors="surrogatepass")
    try:
        facts = strict_json.load_object(written)
    except ValueError as error:
        logger.warning("Variable %s can't be read, and is written again: %s", name, error)
        return "", False
    return str(facts.get("key") or ""), bool(facts.get("lost"))


def _sender(site: str, state: str, context: Any) -> AlarmSender:
    links = (link_to_run(context["ti"].dag_id, context["run_id"]), ("The archive", console_url("/")))
    return AlarmSender(site, recipients(alarms()), VariableState(state), links, context)


def _is_open(where: str, kind: Kind) -> bool:
    entry = VariableState(where).read().get(kind)
    return bool(entry and not entry["over"])
