"""Alarms, and those kinds that do not depend on a section's history."""

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
    """Kinds of alarms."""

    NO_NEWS = "no-news"
    """No new version for longer than the site file allows."""
    REJECTED = "rejected"
    """Too many newly read pages can't become an article."""
    FIELDS_MISSING = "fields-missing"
    """Too many newly read pages lack a field that every article has."""
    LAYOUT_CHANGED = "layout-changed"
    REFUSED = "refused"
    """The site refuses the crawl."""
    BUCKET_AWAY = "bucket-away"
    """The bucket can't be read or written."""
    SPOOL = "spool"
    """A worker's disk can't be read or written."""
    FAILING = "failing"
    """Several runs in a row fail for other reasons."""
    LATE = "late"
    """No complete run for longer than the site file allows."""
    SET_ASIDE = "set-aside"
    """Files of a spool could not be read."""
    DEADLINE = "deadline"
    """A DAG run did not end before its deadline, or Airflow ended it."""
    SITE_FILES = "site-files"
    """Site files are invalid and skipped."""
    FINDINGS = "findings"
    """Objects of the archive are missing or damaged."""
    RUNS_LOST = "runs-lost"
    """The bucket lacks a run that it had before."""


@attrs.frozen(kw_only=True)
class Alarm:
    """A problem, for as long as it lasts."""

    kind: Kind
    title: str = attrs.field(converter=shown)
    """A few words with a number, e.g. `no news for 26 h`."""
    since: datetime
    """Start of the problem, UTC."""
    earlier: bool = False
    """Whether it may have begun before the oldest run that was read; `since` then moves with that run."""
    about: str = ""
    """What it concerns, if not the section: e.g. a DAG run."""
    message: str = attrs.field(converter=shown_lines)
    """The problem, with numbers."""
    advice: str = attrs.field(converter=shown_lines)
    """What to do."""

    @property
    def incident(self) -> str:
        """An id that stays the same while the problem lasts, whatever the numbers; but see `earlier`."""
        return " ".join(filter(None, (self.kind, timestamp(self.since), self.about)))


def unusable(error: BucketError | SpoolError, since: datetime) -> Alarm:
    """Return the alarm of an unusable bucket or worker's disk, noticed now (`since`)."""
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
    """Return the alarm of a run that failed without a manifest, noticed now (`since`)."""
    name = type(error).__name__
    return Alarm(
        kind=Kind.FAILING,
        title=TITLES[Kind.FAILING],
        since=since,
        earlier=True,
        message=f"A run failed before it could write a manifest. {name}: {error}",
        advice=on_failure("UsageError" if isinstance(error, UsageError) else name).action,
    )


_UNKNOWN = " Without it nothing else can be checked."
TITLES = {
    Kind.LAYOUT_CHANGED: "the layout changed",
    Kind.REFUSED: "the site refuses",
    Kind.BUCKET_AWAY: "the bucket can't be used",
    Kind.SPOOL: "the spool can't be used",
    Kind.FAILING: "runs fail",
}
"""Titles of the kinds that a single failed run raises, and of `failing`."""


def deadline_missed(dag_run: str, due: datetime, now: datetime) -> Alarm:
    """Return the alarm of a DAG run that missed its deadline."""
    return Alarm(
        kind=Kind.DEADLINE,
        title=f"a run is late by {span(now - due)}" if now - due >= timedelta(minutes=1) else "a run is late",
        since=due,
        about=dag_run,
        message=f"DAG run {dag_run} should have ended at {moment(due)}, but is still running or has not begun.",
        advice="Open it in Airflow. If its crawl waits for the site, the task's log names the page. If it is "
        "queued, another crawl of this site uses the pool, the pool has no slots, or no worker is free. If its "
        "logical date is in the future, its tasks begin only then. You can stop it without loss: mark the run as "
        "failed, and the next one continues where this one ended.",
    )


def timed_out(dag_run: str, began: datetime) -> Alarm:
    """Return the alarm of a DAG run that Airflow ended because it took too long."""
    return Alarm(
        kind=Kind.DEADLINE,
        title="a run took too long and was ended",
        since=began,
        earlier=True,
        about=dag_run,
        message=f"DAG run {dag_run}, which began at {moment(began)}, exceeded its `dagrun_timeout`: Airflow "
        "ended it, skipped its remaining tasks, and starts the next one.",
        advice="Open it in Airflow and read the log of its last task. Its captures are in the bucket "
        "or wait in the spool; the next run continues where this one ended. If its logical date was in the future, "
        "none of its tasks has begun.",
    )


def archive_damaged(problems: Mapping[str, str], number: int, since: datetime) -> Alarm:
    """Return the alarm of objects that are missing or damaged, noticed now (`since`).

    Args:
        problems: the problem of each object, by key; the same objects are the same incident.
        number: number of bad objects; it may be larger than `problems`.
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
        advice="The task's log and `pressmark verify SITE --full` list them. Restore the objects' "
        "earlier versions in S3 (docs/security.md). Then trigger the audit DAG of this site: when it finds nothing, "
        "this alarm is over.",
    )


def run_lost(key: str, bucket: str, variable: str, since: datetime) -> Alarm:
    """Return the alarm of a manifest that disappeared from the bucket, noticed now (`since`).

    Args:
        key: of the manifest.
        bucket: name of the bucket.
        variable: the Airflow Variable that has the key.
        since: now.
    """
    return Alarm(
        kind=Kind.RUNS_LOST,
        title="the bucket lacks runs that it had",
        since=since,
        earlier=True,
        message=f"An earlier run wrote {key}, but bucket {bucket!r} does not have it: it was emptied, or "
        "is another bucket. The crawls continue, and publish there what the site shows now.",
        advice="Check the bucket in PRESSMARK_BUCKET and AWS_ENDPOINT_URL_S3. If objects were deleted, restore their "
        "earlier versions in S3 (docs/security.md). If this is the bucket that you want, delete the Variable "
        f"{variable} in Airflow; the next run then starts over, and this alarm is over.",
    )


def dag_failed(dag_id: str, run_id: str, tasks: Sequence[str], since: datetime) -> Alarm:
    """Return the alarm of a scheduled DAG with failed tasks, noticed now (`since`)."""
    return Alarm(
        kind=Kind.FAILING,
        title=f"{dag_id} failed",
        since=since,
        earlier=True,
        about=dag_id,
        message=f"DAG run {run_id} of {dag_id} failed: {', '.join(tasks)}.",
        advice="Open it in Airflow: the log of the failed task says why, and the page of the DAG says what to do. "
        "When a run of this DAG over the whole archive succeeds, this alarm is over.",
    )


def site_files_wrong(wrong: Sequence[str], since: datetime) -> Alarm:
    """Return the alarm of invalid site files, noticed now (`since`); each text names the file and the problem."""
    return Alarm(
        kind=Kind.SITE_FILES,
        title="a site file is wrong" if len(wrong) == 1 else f"{len(wrong)} site files are wrong",
        since=since,
        earlier=True,
        about=_digest(wrong),
        message="\n".join(wrong),
        advice="Fix what is named; docs/sites.md explains each field. Until then its site is not archived; "
        "all others are. If the folder itself is wrong (PRESSMARK_SITES), no site is archived.",
    )


def _digest(lines: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]


def span(duration: timedelta) -> str:
    """Format a duration for people, e.g. `40 min`, `26 h` or `3 days`; rounded down."""
    minutes = int(duration / timedelta(minutes=1))
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 72 * 60 else f"{minutes // (24 * 60)} days"


def moment(when: datetime) -> str:
    """Format a time for people: `2026-11-25 04:57 UTC`."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
