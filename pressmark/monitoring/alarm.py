"""An alarm: something that an operator should hear of; and those that no history tells of."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import islice

import attrs

from pressmark.errors import BucketError, SpoolError, UsageError
from pressmark.model.document import timestamp
from pressmark.monitoring.advice import on_failure
from pressmark.text import shown, shown_lines

MOST_LISTED = 20
"""Objects that an alarm, a log or a task's message lists; the others are counted."""


class Kind(StrEnum):
    """What can be wrong."""

    NO_NEWS = "no-news"
    """No new version for longer than the site promises."""
    REJECTED = "rejected"
    """Too many of the pages read for the first time can't become an article."""
    FIELDS_MISSING = "fields-missing"
    """Too many of them lack a field that every article has."""
    LAYOUT_CHANGED = "layout-changed"
    REFUSED = "refused"
    """The site says no."""
    BUCKET_AWAY = "bucket-away"
    """The bucket can't be used, or not written to."""
    SPOOL = "spool"
    """The disk of a worker can't be written or read."""
    FAILING = "failing"
    """Runs fail, one after the other, for other reasons."""
    LATE = "late"
    """No complete run for longer than expected."""
    SET_ASIDE = "set-aside"
    """Files of a spool could not be read."""
    DEADLINE = "deadline"
    """A DAG run has not ended in its time, or was ended behind it."""
    SITE_FILES = "site-files"
    """Site files are wrong, and left out."""
    FINDINGS = "findings"
    """The archive lacks something that a run left, or something in it is damaged."""
    RUNS_LOST = "runs-lost"
    """The bucket does not have a run that it had."""


@attrs.frozen(kw_only=True)
class Alarm:
    """Something that is wrong, for as long as it is."""

    kind: Kind
    title: str = attrs.field(converter=shown)
    """A few words, with a number, e.g. `no news for 26 h`."""
    since: datetime
    """When it began, UTC."""
    earlier: bool = False
    """Whether it may have begun before the oldest run that was looked at; `since` then moves with that."""
    about: str = ""
    """What it is about, if that is not the section: a DAG run."""
    message: str = attrs.field(converter=shown_lines)
    """What is wrong, with the numbers."""
    advice: str = attrs.field(converter=shown_lines)
    """What to do."""

    @property
    def incident(self) -> str:
        """The same for as long as it goes on, whatever the numbers; but see `earlier`."""
        return " ".join(filter(None, (self.kind, timestamp(self.since), self.about)))


def unusable(error: BucketError | SpoolError, since: datetime) -> Alarm:
    """Return the alarm of a bucket or of a worker's disk that can't be used, noticed now (`since`)."""
    name = type(error).__name__
    kind, more = (Kind.BUCKET_AWAY, _UNKNOWN) if isinstance(error, BucketError) else (Kind.SPOOL, "")
    return Alarm(
        kind=kind,
        title=TITLES[kind],
        since=since,
        earlier=True,
        message=f"{name}: {error}{more}",
        advice=on_failure(name).action,
    )


def no_manifest(error: Exception, since: datetime) -> Alarm:
    """Return the alarm of a run that failed and left no manifest, noticed now (`since`)."""
    name = type(error).__name__
    return Alarm(
        kind=Kind.FAILING,
        title=TITLES[Kind.FAILING],
        since=since,
        earlier=True,
        message=f"A run failed before it could leave a manifest. {name}: {error}",
        advice=on_failure("UsageError" if isinstance(error, UsageError) else name).action,
    )


_UNKNOWN = " Whether all else is well can't be told without it."
TITLES = {
    Kind.LAYOUT_CHANGED: "the layout changed",
    Kind.REFUSED: "the site refuses",
    Kind.BUCKET_AWAY: "the bucket can't be used",
    Kind.SPOOL: "the spool can't be used",
    Kind.FAILING: "runs fail",
}
"""Of the kinds that one failed run is enough for, and of `failing`."""


def deadline_missed(dag_run: str, due: datetime, now: datetime) -> Alarm:
    """Return the alarm of a DAG run that has not ended when it was due."""
    return Alarm(
        kind=Kind.DEADLINE,
        title=f"a run is late by {span(now - due)}" if now - due >= timedelta(minutes=1) else "a run is late",
        since=due,
        about=dag_run,
        message=f"DAG run {dag_run} should have ended at {moment(due)} and goes on, or has not begun.",
        advice="Open it in Airflow. If its crawl waits for the site, the log of the task says for which page; if it is "
        "queued, another crawl of this site holds the pool, the pool has no slots, or no worker is free; if its "
        "logical date lies ahead, no task of it begins before that. To stop it loses nothing: mark the run as failed, "
        "and the next one goes on where this one ended.",
    )


def timed_out(dag_run: str, began: datetime) -> Alarm:
    """Return the alarm of a DAG run that Airflow ended, because it took too long."""
    return Alarm(
        kind=Kind.DEADLINE,
        title="a run took too long and was ended",
        since=began,
        earlier=True,
        about=dag_run,
        message=f"DAG run {dag_run}, which began at {moment(began)}, had not ended by its `dagrun_timeout`: Airflow "
        "ended it, skipped what was left of it, and lets the next one begin.",
        advice="Open it in Airflow, and read the log of the task that went on last. What it captured is in the bucket, "
        "or waits in the spool; the next run goes on where this one ended. If its logical date lay ahead, no task of "
        "it has begun.",
    )


def archive_damaged(problems: Mapping[str, str], number: int, since: datetime) -> Alarm:
    """Return the alarm of objects that are missing or damaged, noticed now (`since`).

    Args:
        problems: what is wrong, by the object's key; the same objects are the same incident.
        number: how many there are; more than the problems, perhaps.
        since: now.
    """
    named = [f"{key}: {problem}" for key, problem in islice(problems.items(), MOST_LISTED)]
    more = [f"And {number - len(named)} more."] if number > len(named) else []
    return Alarm(
        kind=Kind.FINDINGS,
        title=f"{number} {'object' if number == 1 else 'objects'} of the archive missing or damaged",
        since=since,
        earlier=True,
        about=_digest(sorted(problems)),
        message="\n".join([*named, *more]),
        advice="The log of the task lists them, and so does `pressmark verify SITE --full`. Restore the objects' "
        "earlier versions in S3 (docs/security.md). Then trigger the DAG audit of this site: when it finds nothing, "
        "this alarm is over.",
    )


def run_lost(key: str, bucket: str, variable: str, since: datetime) -> Alarm:
    """Return the alarm of a manifest that was in the bucket and is not any more, noticed now (`since`).

    Args:
        key: of the manifest.
        bucket: its name.
        variable: where Airflow keeps the key.
        since: now.
    """
    return Alarm(
        kind=Kind.RUNS_LOST,
        title="the bucket lacks runs that it had",
        since=since,
        earlier=True,
        message=f"{key} was told by a run before this one, and bucket {bucket!r} does not have it: it was emptied, or "
        "is another one. The crawls go on, and publish there what the site shows now.",
        advice="See which bucket PRESSMARK_BUCKET and AWS_ENDPOINT_URL_S3 name. If objects were deleted, restore their "
        "earlier versions in S3 (docs/security.md). If this is the bucket that you want, delete the Variable "
        f"{variable} in Airflow; the next run then starts over, and this alarm is over.",
    )


def dag_failed(dag_id: str, run_id: str, tasks: Sequence[str], since: datetime) -> Alarm:
    """Return the alarm of a scheduled DAG of which tasks failed, noticed now (`since`)."""
    return Alarm(
        kind=Kind.FAILING,
        title=f"{dag_id} failed",
        since=since,
        earlier=True,
        about=dag_id,
        message=f"DAG run {run_id} of {dag_id} failed: {', '.join(tasks)}.",
        advice="Open it in Airflow: the log of the task that failed says why, and the page of the DAG what to do about "
        "it. When a run of this DAG over the whole archive succeeds, this alarm is over.",
    )


def site_files_wrong(wrong: Sequence[str], since: datetime) -> Alarm:
    """Return the alarm of site files that are wrong, noticed now (`since`); each says which and why."""
    return Alarm(
        kind=Kind.SITE_FILES,
        title="a site file is wrong" if len(wrong) == 1 else f"{len(wrong)} site files are wrong",
        since=since,
        earlier=True,
        about=_digest(wrong),
        message="\n".join(wrong),
        advice="Mend what is named; docs/sites.md tells what each field means. Until then its site is not archived; "
        "all others are. If it is the folder itself (PRESSMARK_SITES), no site is.",
    )


def _digest(lines: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]


def span(duration: timedelta) -> str:
    """Say how long something takes, e.g. `40 min`, `26 h` or `3 days`; rounded down."""
    minutes = int(duration / timedelta(minutes=1))
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 72 * 60 else f"{minutes // (24 * 60)} days"


def moment(when: datetime) -> str:
    """Say when something was, for people: `2026-11-25 04:57 UTC`."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
