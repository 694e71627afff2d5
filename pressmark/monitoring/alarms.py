"""The alarms of a section, computed from its history without side effects.

`pressmark.airflow.alerts` sends them, the console shows them.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING

import attrs

from pressmark.errors import (
    BucketRefused,
    BucketUnreachable,
    ClockWrong,
    CrawlRefused,
    KeysExpired,
    LayoutChanged,
    SpoolError,
)
from pressmark.monitoring.advice import on_failure
from pressmark.monitoring.alarm import TITLES, Alarm, Kind, moment, span
from pressmark.monitoring.rates import Breach, find_breach, lacking_field
from pressmark.sites.site import Site

if TYPE_CHECKING:  # It imports boto3, which DAG parsing must not.
    from pressmark.monitoring.history import History, PastRun

JUDGED = frozenset(Kind) - {Kind.DEADLINE, Kind.SITE_FILES, Kind.FINDINGS, Kind.RUNS_LOST}
"""Kinds that `judge` decides; the others need more than the history."""
LOOKED_AT = 200
"""Runs that are read first; more are read if they don't go back far enough."""
FOLLOWS = {
    Kind.LAYOUT_CHANGED: frozenset({Kind.REJECTED, Kind.FIELDS_MISSING, Kind.LATE, Kind.NO_NEWS}),
    Kind.REJECTED: frozenset({Kind.FIELDS_MISSING, Kind.NO_NEWS}),
    Kind.FIELDS_MISSING: frozenset({Kind.NO_NEWS}),
    Kind.LATE: frozenset({Kind.NO_NEWS}),
    **dict.fromkeys((Kind.REFUSED, Kind.BUCKET_AWAY, Kind.SPOOL, Kind.FAILING), frozenset({Kind.LATE, Kind.NO_NEWS})),
}
"""Consequences of each kind: while a cause lasts, only the cause is reported."""


@attrs.frozen
class _Seen:
    """A section and its runs, as input of the rules."""

    site: Site
    section: str
    runs: Sequence["PastRun"]
    """Runs with the scope `newest`, newest first; at least one."""
    now: datetime

    @property
    def name(self) -> str:
        return f"{self.site.site}/{self.section}"

    @property
    def page(self) -> str:
        return self.site.origin + self.site.section(self.section).path

    def field(self, name: str) -> str:
        """Return the name of a field in the site file, for people."""
        return f"`expect.{name}` in {self.site.site}.yml"


@attrs.frozen(kw_only=True)
class Judgement:
    """The problems of a section."""

    alarms: Sequence[Alarm] = ()
    """One per cause."""
    following: frozenset[Kind] = frozenset()
    """Consequences of these alarms, which are neither reported nor over."""


def alarms(site: Site, section: str, runs: Sequence["PastRun"], now: datetime) -> Sequence[Alarm]:
    """Return the alarms of a section, one per cause: see `judge`."""
    return judge(site, section, runs, now).alarms


def judge(site: Site, section: str, runs: Sequence["PastRun"], now: datetime) -> Judgement:
    """Find the problems of a section in its history.

    Args:
        site: the site, with its expectations.
        section: name of the section.
        runs: its newest runs, newest first (`History.newest`); only runs with the scope `newest` count.
        now: UTC.
    """
    active = active_alarms(site, section, runs, now)
    kinds = {alarm.kind for alarm in active}
    following = frozenset[Kind]().union(*(FOLLOWS.get(kind, ()) for kind in kinds)) & kinds
    return Judgement(alarms=[each for each in active if each.kind not in following], following=following)


def active_alarms(site: Site, section: str, runs: Sequence["PastRun"], now: datetime) -> list[Alarm]:
    """Return all alarms of a section, causes and consequences."""
    newest = [run for run in runs if run.scope == "newest"]
    if not newest:
        return []
    seen = _Seen(site, section, newest, now)
    found = (_failed(seen), _late(seen), _no_news(seen), _rejected(seen), _missing(seen))
    aside = _set_aside(runs)
    return [alarm for alarm in (*found, aside) if alarm]


def runs_to_judge(history: "History", site: Site, section: str, now: datetime) -> list["PastRun"]:
    """Return a section's newest runs, as many as `judge` needs (`reaches`).

    Raises:
        BucketError: the bucket can't be used.
    """
    number = LOOKED_AT
    while True:
        runs = history.newest(section, number, now)
        if (
            reaches(site, runs, now) or len(runs) <= number // 2
        ):  # There are no more runs; some manifests may be broken.
            return runs
        number *= 2


def reaches(site: Site, runs: Sequence["PastRun"], now: datetime) -> bool:
    """Return whether these newest runs go back far enough for `judge`."""
    newest = [run for run in runs if run.scope == "newest"]
    oldest = now - newest[-1].started_at if newest else timedelta(0)
    questions = [(site.expect.news, _brings_news), (site.expect.late, _is_complete)]
    return bool(newest) and all(
        allowed is None or oldest > allowed or any(map(answered, newest)) for allowed, answered in questions
    )


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
        f"At least one is expected every {span(allowed)}.",
        advice=f"Open {seen.page}. If it shows articles that the bucket lacks, run `pressmark crawl {seen.name} "
        f"--recheck` and read its log; then check the listing's selectors (layout "
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
        f"{'at' if last else 'since'} {moment(since)}. At least one is expected every {span(allowed)}. The newest "
        f"run began at {moment(seen.runs[0].started_at)} and ended {seen.runs[0].ended}.",
        advice="Open the section's DAG in Airflow: is it paused, does a run hang, or do its runs fail? A killed run "
        "has no manifest: its task log says what happened. If the schedule is slower than that, raise "
        f"{seen.field('late')}.",
    )


def _set_aside(runs: Sequence["PastRun"]) -> Alarm | None:
    """Check the last run of each spool, whatever its scope: each worker only knows its own spool."""
    last: dict[str, PastRun] = {}
    for run in runs:
        last.setdefault(run.spool, run)
    active = [run for run in last.values() if run.set_aside]
    files = [file for run in active for file in run.set_aside]
    if not files:
        return None
    more = f" And {len(files) - _NAMED} more." if len(files) > _NAMED else ""
    return Alarm(
        kind=Kind.SET_ASIDE,
        title=f"{len(files)} {'file' if len(files) == 1 else 'files'} of the spool can't be read",
        since=min(run.set_aside_since or run.started_at for run in active),
        message=f"{'; '.join(files[:_NAMED])}.{more} All readable records of them are published.",
        advice="`pressmark recover` on that worker lists them. Check its disk. Repair a file from a copy and recover "
        "it again (`pressmark recover SITE --again NAME`), or delete NAME.bad and NAME.bad.json: the next run's "
        "manifest then ends this alarm.",
    )


_NAMED = 3
"""Files that the alarm names."""
_FAILURES = {
    LayoutChanged.__name__: Kind.LAYOUT_CHANGED,
    CrawlRefused.__name__: Kind.REFUSED,
    SpoolError.__name__: Kind.SPOOL,
    **{error.__name__: Kind.BUCKET_AWAY for error in (BucketUnreachable, BucketRefused, ClockWrong, KeysExpired)},
}
"""Failures that are reported at once: a retry does not fix them, or they concern all sections."""


def _failed(seen: _Seen) -> Alarm | None:
    """Check the runs that failed since the last complete one; interrupted runs are ignored.

    A changed layout or a refusing site is not over because a run failed for another reason in between. The tries of
    one DAG run are one run.
    """
    runs = [run for run in seen.runs if run.ended != "interrupted"]
    failed = list(takewhile(lambda run: run.ended == "failed", runs))
    kinds = [_FAILURES.get(run.failure or "", Kind.FAILING) for run in failed]
    kind = next((each for each in kinds if each is not Kind.FAILING), Kind.FAILING)
    row = list(takewhile(lambda pair: pair[1] in {kind, Kind.FAILING}, zip(failed, kinds, strict=True)))
    of_kind = [run for run, each in row if each is kind]
    number = len({run.try_of for run in of_kind})
    if not number or (kind is Kind.FAILING and number < seen.site.expect.failures):
        return None
    newest, oldest = of_kind[0], of_kind[-1]
    return Alarm(
        kind=kind,
        title=TITLES[kind] + ("" if number == 1 else f", {number} runs in a row"),
        since=oldest.started_at,
        earlier=len(row) == len(runs)
        or kind in {Kind.BUCKET_AWAY, Kind.SPOOL},  # These are also reported when a run fails.
        message=f"{number} {'run' if number == 1 else 'runs'} since {moment(oldest.started_at)} failed in this way. "
        f"The newest, {newest.run_id}: {newest.reason or 'no reason is known'}",
        advice=on_failure(newest.failure, seen.site, seen.section).action,
    )


def _rejected(seen: _Seen) -> Alarm | None:
    breach = find_breach(seen.runs, lambda run: run.newly_rejected, seen.site.expect.rejected)
    return _shared(seen, Kind.REJECTED, breach, "rejected", "can't become an article") if breach else None


def _missing(seen: _Seen) -> Alarm | None:
    breach = find_breach(seen.runs, lacking_field, seen.site.expect.missing)
    what = "lack a headline, a readable time, or a field that the schema requires"
    return _shared(seen, Kind.FIELDS_MISSING, breach, "missing", what) if breach else None


def _shared(seen: _Seen, kind: Kind, breach: Breach, field: str, what: str) -> Alarm:
    since = breach.oldest.started_at
    reasons = ", ".join(f"{count} {reason}" for reason, count in breach.reasons.most_common())
    return Alarm(
        kind=kind,
        title=f"{breach.bad} of {breach.read} new pages {'rejected' if kind is Kind.REJECTED else 'lack a field'}",
        since=since,
        earlier=breach.earlier,
        message=f"Of the last {breach.read} newly read pages, {breach.bad} ({breach.bad / breach.read:.0%}) {what}; "
        f"at most {breach.allowed:.0%} are expected. This began at {moment(since)}. Rejected since then: {reasons}.",
        advice=f"The manifests of the runs list each page with its reason, the newest is {seen.runs[0].key}; the "
        f"documents in rejected/{seen.site.site}/ point to the captures. Fix the page class of layout "
        f"{seen.site.layout!r}, then run `pressmark rederive {seen.name}`. If these are not articles, raise "
        f"{seen.field(field)}.",
    )
