"""Alarms: what in the history of a section an operator should hear of. Pure: told by `apps`, shown by the console."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import takewhile
from typing import TYPE_CHECKING

import attrs

from pressmark.document import timestamp
from pressmark.errors import BucketError, CrawlRefused, LayoutChanged
from pressmark.shares import Breach, find_breach, lacking
from pressmark.site import Site
from pressmark.text import shown, shown_lines

if TYPE_CHECKING:  # It brings boto3, which the DAGs are read without.
    from pressmark.history import PastRun


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
    FAILING = "failing"
    """Runs fail, one after the other, for other reasons."""
    LATE = "late"
    """No complete run for longer than expected."""
    SET_ASIDE = "set-aside"
    """Files of a spool could not be read."""
    BUCKET_AWAY = "bucket-away"
    DEADLINE = "deadline"
    """A DAG run has not ended in its time."""
    SITE_FILES = "site-files"
    """Site files are wrong, and left out."""


JUDGED = frozenset(Kind) - {Kind.BUCKET_AWAY, Kind.DEADLINE, Kind.SITE_FILES}
"""What `alarms` judges; to tell the others takes more than the history."""


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


@attrs.frozen
class _Seen:
    """What is judged."""

    site: Site
    section: str
    runs: Sequence["PastRun"]
    """Those that looked for what is newest; the newest first, at least one."""
    now: datetime

    @property
    def name(self) -> str:
        return f"{self.site.site}/{self.section}"

    @property
    def page(self) -> str:
        return self.site.origin + self.site.section(self.section).path

    def field(self, name: str) -> str:
        """Name a field of the site file, for people."""
        return f"`expect.{name}` in {self.site.site}.yml"


def alarms(site: Site, section: str, runs: Sequence["PastRun"], now: datetime) -> list[Alarm]:
    """Return what is wrong with a section.

    Args:
        site: what it expects, too.
        section: its name.
        runs: its newest runs, newest first (`History.newest`); those of another scope than `newest` don't count.
        now: UTC.
    """
    newest = [run for run in runs if run.scope == "newest"]
    if not newest:
        return []
    seen = _Seen(site, section, newest, now)
    found = (_failed(seen), _late(seen), _no_news(seen), _rejected(seen), _missing(seen))
    aside = _set_aside(runs)
    return [alarm for alarm in (*found, aside) if alarm]


def reaches(site: Site, runs: Sequence["PastRun"], now: datetime) -> bool:
    """Tell whether these newest runs go back far enough to judge by, or more of them should be read first."""
    newest = [run for run in runs if run.scope == "newest"]
    oldest = now - newest[-1].started_at if newest else timedelta(0)
    questions = [(site.expect.news, _brings_news), (site.expect.late, _is_complete)]
    return bool(newest) and all(
        allowed is None or oldest > allowed or any(map(answered, newest)) for allowed, answered in questions
    )


def bucket_away(error: BucketError, since: datetime) -> Alarm:
    """Return the alarm of a bucket that can't be used, noticed now (`since`)."""
    return Alarm(
        kind=Kind.BUCKET_AWAY,
        title="the bucket can't be used",
        since=since,
        earlier=True,
        message=f"{type(error).__name__}: {error} Whether all else is well can't be told without it.",
        advice="See that the S3 server is up and its keys hold (AWS_ENDPOINT_URL_S3, AWS_ACCESS_KEY_ID, "
        "PRESSMARK_BUCKET). Nothing is lost: what was captured waits in the spool, and the next run publishes it. "
        "`pressmark status` tells what waits.",
    )


def deadline_missed(dag_run: str, due: datetime, now: datetime) -> Alarm:
    """Return the alarm of a DAG run that has not ended when it was due."""
    return Alarm(
        kind=Kind.DEADLINE,
        title=f"a run is late by {span(now - due)}" if now - due >= timedelta(minutes=1) else "a run is late",
        since=due,
        about=dag_run,
        message=f"DAG run {dag_run} should have ended at {moment(due)} and goes on, or has not begun.",
        advice="Open it in Airflow. If its crawl waits for the site, the log of the task says for which page; if it is "
        "queued, another crawl of this site holds the pool, or no worker is free. To stop it loses nothing: mark the "
        "task as failed, and the next run goes on where this one ended.",
    )


def site_files_wrong(wrong: Sequence[str], since: datetime) -> Alarm:
    """Return the alarm of site files that are wrong, noticed now (`since`); each says which and why."""
    return Alarm(
        kind=Kind.SITE_FILES,
        title="a site file is wrong" if len(wrong) == 1 else f"{len(wrong)} site files are wrong",
        since=since,
        earlier=True,
        about=hashlib.sha256("\n".join(wrong).encode()).hexdigest()[:12],
        message="\n".join(wrong),
        advice="Mend what is named; docs/sites.md tells what each field means. Until then its site is not archived; "
        "all others are.",
    )


def span(duration: timedelta) -> str:
    """Say how long something takes, e.g. `40 min`, `26 h` or `3 days`; rounded down."""
    minutes = int(duration / timedelta(minutes=1))
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 72 * 60 else f"{minutes // (24 * 60)} days"


def moment(when: datetime) -> str:
    """Say when something was, for people: `2026-11-25 04:57 UTC`."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _brings_news(run: "PastRun") -> bool:
    return bool(run.new or run.recovered)


def _is_complete(run: "PastRun") -> bool:
    return run.ended == "complete"


def _no_news(seen: _Seen) -> Alarm | None:
    allowed = seen.site.expect.news
    last = next(filter(_brings_news, seen.runs), None)
    since = last.ended_at if last else seen.runs[-1].started_at
    if allowed is None or seen.now - since <= allowed:
        return None
    without = list(takewhile(lambda run: run is not last, seen.runs))
    complete = sum(map(_is_complete, without))
    return Alarm(
        kind=Kind.NO_NEWS,
        title=f"no news for {span(seen.now - since)}",
        since=since,
        earlier=last is None,
        message=f"{'The last new version came' if last else 'There was no new version'} "
        f"{'at' if last else 'since'} {moment(since)}; {len(without)} runs, {complete} of them complete, brought none. "
        f"Expected is one every {span(allowed)}.",
        advice=f"Look at {seen.page}. If it shows articles that the bucket has not, run `pressmark crawl {seen.name} "
        f"--recheck` and see what its log says of them; then look at the listing's selectors (layout "
        f"{seen.site.layout!r}). If the site is quiet, raise {seen.field('news')}.",
    )


def _late(seen: _Seen) -> Alarm | None:
    allowed = seen.site.expect.late
    last = next(filter(_is_complete, seen.runs), None)
    since = last.ended_at if last else seen.runs[-1].started_at
    if allowed is None or not seen.site.section(seen.section).schedule or seen.now - since <= allowed:
        return None
    return Alarm(
        kind=Kind.LATE,
        title=f"no complete run for {span(seen.now - since)}",
        since=since,
        earlier=last is None,
        message=f"{'The last complete run ended' if last else 'No run was complete'} "
        f"{'at' if last else 'since'} {moment(since)}. Expected is one every {span(allowed)}. The newest began at "
        f"{moment(seen.runs[0].started_at)} and ended {seen.runs[0].ended}.",
        advice="Open the section's DAG in Airflow: is it paused, does a run hang, or do its runs fail? A run that was "
        "killed leaves no manifest: its task log says what happened. If the schedule is slower than that, raise "
        f"{seen.field('late')}.",
    )


def _set_aside(runs: Sequence["PastRun"]) -> Alarm | None:
    """Judge the last run of each spool, whatever its scope: a run of another worker knows nothing of this one's."""
    last: dict[str, PastRun] = {}
    for run in runs:
        last.setdefault(run.spool, run)
    standing = [run for run in last.values() if run.set_aside]
    files = [file for run in standing for file in run.set_aside]
    if not files:
        return None
    more = f" And {len(files) - _NAMED} more." if len(files) > _NAMED else ""
    return Alarm(
        kind=Kind.SET_ASIDE,
        title=f"{len(files)} {'file' if len(files) == 1 else 'files'} of the spool can't be read",
        since=min(run.set_aside_since or run.started_at for run in standing),
        message=f"{'; '.join(files[:_NAMED])}.{more} What could be read of them is published.",
        advice="`pressmark recover` on that worker lists them. Look after its disk. Repair a file from a copy and take "
        "it again (`pressmark recover SITE --again NAME`), or delete NAME.bad and NAME.bad.json: the next run's "
        "manifest then ends this alarm.",
    )


_NAMED = 3
"""Files that the alarm names."""
_FAILURES = {LayoutChanged.__name__: Kind.LAYOUT_CHANGED, CrawlRefused.__name__: Kind.REFUSED}


def _failed(seen: _Seen) -> Alarm | None:
    """Judge the runs that failed since the last complete one; one that was interrupted says nothing.

    That a layout changed, or that a site refuses, is not over because a run failed for another reason in between.
    """
    runs = [run for run in seen.runs if run.ended != "interrupted"]
    failed = list(takewhile(lambda run: run.ended == "failed", runs))
    kinds = [_FAILURES.get(run.failure or "", Kind.FAILING) for run in failed]
    kind = next((each for each in kinds if each is not Kind.FAILING), Kind.FAILING)
    row = list(takewhile(lambda pair: pair[1] in {kind, Kind.FAILING}, zip(failed, kinds, strict=True)))
    of_kind = [run for run, each in row if each is kind]
    number = len(of_kind)
    if not number or (kind is Kind.FAILING and number < seen.site.expect.failures):
        return None
    oldest = of_kind[-1]
    return Alarm(
        kind=kind,
        title=f"{_TITLES[kind]}, {number} {'run' if number == 1 else 'runs'} in a row",
        since=oldest.started_at,
        earlier=len(row) == len(runs),
        message=f"{number} {'run' if number == 1 else 'runs'} since {moment(oldest.started_at)} failed so. "
        f"The newest, {of_kind[0].run_id}: {of_kind[0].reason or 'no reason is known'}",
        advice=_advice(kind, seen),
    )


_TITLES = {
    Kind.LAYOUT_CHANGED: "the layout changed",
    Kind.REFUSED: "the site refuses",
    Kind.FAILING: "runs fail",
}


def _advice(kind: Kind, seen: _Seen) -> str:
    if kind is Kind.LAYOUT_CHANGED:
        return (
            f"Look at {seen.page}. If its markup is new, add page classes with a new day to layout "
            f'{seen.site.layout!r} (docs/sites.md, "A new layout"); what was captured meanwhile is read again by '
            f"`pressmark rederive {seen.name}`. If only the number of its entries is, set {seen.field('fewest')} or "
            f"{seen.field('most')}."
        )
    if kind is Kind.REFUSED:
        return (
            f"Do not insist. Read {seen.site.origin}/robots.txt and open {seen.page}: if the site refuses crawlers, "
            "pause the DAG and ask the site; if it asks for more patience, raise `politeness.delay` in "
            f"{seen.site.site}.yml."
        )
    return (
        f"Open {seen.page}: does it answer? Then read the task's log of the newest run; `pressmark status` tells what "
        "waits in the spool."
    )


def _rejected(seen: _Seen) -> Alarm | None:
    breach = find_breach(seen.runs, lambda run: run.newly_rejected, seen.site.expect.rejected)
    return _shared(seen, Kind.REJECTED, breach, "rejected", "can't become an article") if breach else None


def _missing(seen: _Seen) -> Alarm | None:
    breach = find_breach(seen.runs, lacking, seen.site.expect.missing)
    what = "lack a headline, a readable time, or what the schema asks for"
    return _shared(seen, Kind.FIELDS_MISSING, breach, "missing", what) if breach else None


def _shared(seen: _Seen, kind: Kind, breach: Breach, field: str, what: str) -> Alarm:
    since = breach.oldest.started_at
    reasons = ", ".join(f"{count} {reason}" for reason, count in breach.reasons.most_common())
    return Alarm(
        kind=kind,
        title=f"{breach.bad} of {breach.read} new pages {'rejected' if kind is Kind.REJECTED else 'lack a field'}",
        since=since,
        earlier=breach.earlier,
        message=f"Of the {breach.read} pages newly read last, {breach.bad} ({breach.bad / breach.read:.0%}) {what}; "
        f"expected are {breach.allowed:.0%} at most. It is so since {moment(since)}. Rejected meanwhile: {reasons}.",
        advice=f"The manifests of the runs name each page with its reason, the newest is {seen.runs[0].key}; what lies "
        f"below rejected/{seen.site.site}/ points to the captures. Mend the page class of layout "
        f"{seen.site.layout!r}, then `pressmark rederive {seen.name}`. If these are no articles, raise "
        f"{seen.field(field)}.",
    )
