"""Alarms about a section: it is judged after each run, and recipients get each incident once."""

import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowFailException

from pressmark.airflow.alerts.deliver import AlarmSender, fail, log_alarm
from pressmark.airflow.alerts.notifiers import recipients
from pressmark.airflow.alerts.sent_state import FileState, VariableState
from pressmark.airflow.alerts.site import find_lost_run
from pressmark.airflow.dag_defaults import sites
from pressmark.airflow.links import console_url, link_to_run
from pressmark.airflow.retries import CrawlLost
from pressmark.config import Config, alarms
from pressmark.errors import BucketError, SiteFileError, SpoolError, UsageError
from pressmark.model.document import timestamp
from pressmark.monitoring.alarm import Alarm, Kind, deadline_missed, no_manifest, site_files_wrong, timed_out, unusable
from pressmark.monitoring.alarms import JUDGED, judge, runs_to_judge
from pressmark.sites.site import Site
from pressmark.sites.site_files import find_section, load_sites

if TYPE_CHECKING:
    from airflow.sdk import Context

logger = logging.getLogger("pressmark.alarms")


def watch_section(section: str, context: "Context") -> list[dict[str, Any]]:
    """Judge a section (`SITE/SECTION`) by its history, and send its alarms.

    Returns:
        The open alarms, sent before or now: `kind`, `incident`, `title`, `since` (RFC 3339), `message`, `advice`.

    Raises:
        AirflowFailException: a site file or `PRESSMARK_ALARMS` is wrong, or there is no such section.
        AirflowException: a recipient could not be notified; another try notifies only those.
    """
    from pressmark.airflow.tasks.bucket import quiet_logs  # It brings boto3.

    quiet_logs()
    try:
        config = Config.read()
        site, name = find_section(load_sites(config.sites), section)
        found, judged = _judge(config, site, name, context)
        judged -= _unconfirmed_kinds(context)
        for alarm in found:
            log_alarm(section, alarm)
        notify_alarms(site, name, context, found, judged)
    except UsageError as error:
        raise AirflowFailException(str(error)) from error
    return [_as_dict(alarm) for alarm in found]


def watch_site_files(context: "Context") -> None:
    """Report wrong site files, once for each change of what is wrong. In a task only.

    Raises:
        AirflowFailException: one is wrong, or `PRESSMARK_ALARMS` is.
        AirflowException: a recipient could not be notified; another try notifies only those.
    """
    try:
        try:
            wrong = [str(each) for each in sites().wrong]
        except SiteFileError as error:
            wrong = [str(error)]
        found = [site_files_wrong(wrong, datetime.now(UTC))] if wrong else []
        links = (link_to_run(context["ti"].dag_id, context["run_id"]),)
        where = "site files"
        fail(
            AlarmSender(where, recipients(alarms()), VariableState(where), links, context).send(
                found, {Kind.SITE_FILES}
            )
        )
    except UsageError as error:
        raise AirflowFailException(str(error)) from error
    if wrong:
        raise AirflowFailException("\n".join(wrong))


def notify_alarms(
    site: Site,
    section: str,
    context: "Context",
    found: Sequence[Alarm],
    judged: Collection[Kind],
) -> None:
    """Notify recipients once when an incident starts, and once when it ends. In a task only.

    Args:
        site: the site.
        section: name of the section.
        context: of the task.
        found: all open alarms.
        judged: the kinds that were checked: an incident of these that was sent and is not found any more is over.

    Raises:
        UsageError: `PRESSMARK_ALARMS` can't be read.
        AirflowException: a recipient could not be notified; another try notifies only those.
    """
    where, everybody = f"{site.site}/{section}", recipients(alarms())
    links = _links(context["ti"].dag_id, context["run_id"], where)
    of_all = AlarmSender("all sections", everybody, VariableState("bucket"), links, context)
    own = AlarmSender(where, everybody, VariableState(where), links, context)
    fail(
        of_all.send([alarm for alarm in found if alarm.kind in _SHARED_KINDS], _SHARED_KINDS & set(judged))
        + own.send([alarm for alarm in found if alarm.kind not in _SHARED_KINDS], judged)
    )


def notify_failed_try(section: str, context: "Context", *, is_last: bool = False) -> None:
    """Report at once a try that failed because the bucket or this machine's disk can't be used: for tasks' callbacks.

    The last try also reports what no manifest records: invalid parameters, or a killed crawl. Everything else is
    judged after the run (`watch_section`).

    Raises:
        UsageError: a site file or `PRESSMARK_ALARMS` is wrong, or there is no such section.
        AirflowException: a recipient could not be notified; the others were.
    """
    error = context.get("exception")
    began = context["ti"].start_date or datetime.now(UTC)
    if isinstance(error, BucketError | SpoolError):
        alarm = unusable(error, began)
    elif is_last and isinstance(error, UsageError | CrawlLost):
        alarm = no_manifest(error, began)
    else:
        return
    site, name = find_section(load_sites(Config.read().sites), section)
    log_alarm(section, alarm)
    notify_alarms(site, name, context, [alarm], judged=())


def notify_timed_out(section: str, context: Mapping[str, Any]) -> None:
    """Report that Airflow ended a DAG run of a section because it took too long: for its `on_failure_callback`.

    Once for each DAG run, unless it was reported as late (`notify_late`). Tasks report their own failures.

    Raises:
        UsageError: `PRESSMARK_ALARMS` can't be read.
        AirflowException: a recipient could not be notified; the others were.
    """
    if context.get("reason") != "timed_out":
        return
    run = context.get("dag_run")  # Airflow takes it from an unfinished task; without one it is missing.
    began = (run and run.start_date) or datetime.now(UTC)
    dag_id, run_id = context["dag"].dag_id, context["run_id"]
    _notify_run(section, timed_out(run_id, began), dag_id, run_id, context)


def notify_late(section: str, context: Mapping[str, Any], allowed: float = 0) -> None:
    """Report that a DAG run of a section missed its deadline: for `SyncCallback`, once for each DAG run.

    Airflow runs it once in a process of the executor, and never again if it fails. It is also called for a run that
    failed in time (3.3.2), and for one that was cleared since and whose time starts again: neither is late.

    Args:
        section: `SITE/SECTION`.
        allowed: seconds that a run may take.
        context: what Airflow passes to callbacks of deadlines: `dag_run` as its public API has it, and `deadline`.

    Raises:
        UsageError: `PRESSMARK_ALARMS` can't be read.
        AirflowException: a recipient could not be notified; the others were.
    """
    run = context["dag_run"]
    due = _parse_time(str(context["deadline"]["deadline_time"]))
    cleared = bool(allowed and run["queued_at"]) and _parse_time(run["queued_at"]) > due - timedelta(
        seconds=allowed - 1
    )
    if run["state"] not in {"queued", "running"} or cleared:
        logger.info("%s: DAG run %s is not late: it is %s", section, run["dag_run_id"], run["state"])
        return
    alarm = deadline_missed(run["dag_run_id"], due, datetime.now(UTC))
    _notify_run(section, alarm, run["dag_id"], run["dag_run_id"], context)


def _notify_run(section: str, alarm: Alarm, dag_id: str, run_id: str, context: Any) -> None:
    """Report a DAG run from a callback, once for each kind of alarm."""
    log_alarm(section, alarm)
    state = FileState(Config.read().spool / ".alarms" / f"{dag_id}.json")
    sender = AlarmSender(section, recipients(alarms()), state, _links(dag_id, run_id, section), context)
    fail(sender.send([alarm], judged=()))


_SHARED_KINDS = frozenset({Kind.BUCKET_AWAY, Kind.RUNS_LOST})
"""Problems that all sections share: they are sent once for all."""
_ENDED_BY_SUCCESS = frozenset({Kind.BUCKET_AWAY, Kind.SPOOL, Kind.FAILING})
"""Only a successful crawl ends these: a bucket that can be read can't always be written."""


def _unconfirmed_kinds(context: "Context") -> frozenset[Kind]:
    """Return the kinds that this DAG run can't end, because one of its own tasks failed."""
    instance = context["ti"]
    found = instance.get_task_states(dag_id=instance.dag_id, run_ids=[context["run_id"]], task_ids=["recover", "crawl"])
    states = [state for of_run in found.values() for state in of_run.values()]
    return frozenset() if all(state == "success" for state in states) else _ENDED_BY_SUCCESS


def _judge(config: Config, site: Site, section: str, context: "Context") -> tuple[list[Alarm], frozenset[Kind]]:
    """Return what is wrong, and the kinds that were checked: without the bucket, no kind that needs it."""
    from pressmark.archive.s3.store import Store
    from pressmark.monitoring.history import History

    now = datetime.now(UTC)
    try:
        store = Store.open(config)
        runs = runs_to_judge(History(store, site.site), site, section, now)
        lost, looked_for = find_lost_run(store, f"{site.site}/{section}", context)
    except BucketError as error:
        return [unusable(error, now)], frozenset({Kind.BUCKET_AWAY})
    judgement = judge(site, section, runs, now)
    return [*judgement.alarms, *lost], JUDGED - judgement.following | looked_for


def _parse_time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _links(dag_id: str, run_id: str, where: str) -> tuple[tuple[str, str], ...]:
    return link_to_run(dag_id, run_id), ("The section", console_url(f"/sections/{where}"))


def _as_dict(alarm: Alarm) -> dict[str, Any]:
    return {
        "kind": str(alarm.kind),
        "incident": alarm.incident,
        "title": alarm.title,
        "since": timestamp(alarm.since),
        "message": alarm.message,
        "advice": alarm.advice,
    }
