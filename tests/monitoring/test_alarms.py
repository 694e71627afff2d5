"""Alarms from artificial histories."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pressmark.errors import BucketUnreachable, KeysExpired, SpoolError
from pressmark.local.newsroom.site_file import newsroom_site
from pressmark.monitoring.advice import on_failure
from pressmark.monitoring.alarm import Alarm, Kind, deadline_missed, span, timed_out, unusable
from pressmark.monitoring.alarms import JUDGED, active_alarms, alarms, reaches
from pressmark.monitoring.alarms import judge as judge_all
from pressmark.monitoring.history import PastRun
from pressmark.sites.site import Site
from pressmark.sites.site_files import load_sites

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
TURN = timedelta(minutes=30)
SECTION = "world/europe"
NO_SHARE: dict[str, Any] = {"counts": {"published": 1}}


def site(schedule: str | None = "*/30 * * * *", **expect: Any) -> Site:
    """The site chinadaily: by default news within a day and a complete run within 3 h."""
    shipped = load_sites()["chinadaily"]
    section = shipped.sections[SECTION].model_copy(update={"schedule": schedule})
    expected = type(shipped.expect).model_validate({"news": "PT24H", "late": "PT3H", **expect})
    return shipped.model_copy(update={"expect": expected, "sections": {SECTION: section}})


def run(turns_ago: int = 0, **changes: Any) -> PastRun:
    """A run that took a minute; by default complete and without anything new."""
    started_at = NOW - turns_ago * TURN - timedelta(minutes=2)
    facts: dict[str, Any] = {
        "key": f"runs/chinadaily/{SECTION}/{started_at:%Y/%m/%d/%Y%m%dT%H%M%S}.json",
        "run_id": f"{started_at:%Y%m%dT%H%M%S}",
        "site": "chinadaily",
        "section": SECTION,
        "started_at": started_at,
        "ended_at": started_at + timedelta(minutes=1),
        "ended": "failed" if "failure" in changes else "complete",
        "reason": None,
        "failure": None,
        "scope": "newest",
        "counts": {},
        "rejected": {},
        "failed": {},
        "newly_rejected": 0,
        "recovered": 0,
        "segments": 0,
        "warc_bytes": 0,
        "asked": (),
    }
    return PastRun(**facts | changes)


def judge(runs: Sequence[PastRun], of: Site | None = None, now: datetime = NOW) -> dict[Kind, Alarm]:
    return {alarm.kind: alarm for alarm in alarms(of or site(), SECTION, runs, now)}


def standing(runs: Sequence[PastRun], of: Site | None = None, now: datetime = NOW) -> dict[Kind, Alarm]:
    """All alarms, including consequences of others."""
    return {alarm.kind: alarm for alarm in active_alarms(of or site(), SECTION, runs, now)}


def rejecting(number: int, reason: str = "no-body", turns_ago: int = 0, published: int = 0) -> PastRun:
    return run(turns_ago, counts={"published": published}, newly_rejected=number, rejected={reason: number})


HEALTHY = [run(turn, counts={"published": int(turn % 10 == 3)}) for turn in range(100)]


def test_a_healthy_section_has_none() -> None:
    assert not judge(HEALTHY)


def test_a_section_without_runs_has_none() -> None:
    assert not judge([])
    assert not judge([run(scope="backfill", failure="LayoutChanged")])


class TestNoNews:
    def test_since_the_last_new_version(self) -> None:
        last = run(60, counts={"updated": 1})
        alarm = judge([*(run(turn) for turn in range(60)), last, run(61, counts={"published": 9})])[Kind.NO_NEWS]
        assert alarm.since == last.ended_at
        assert alarm.title == "no news for 30 h"
        assert "60 runs, 60 of them complete, brought none" in alarm.message
        assert "every 24 h" in alarm.message
        assert "https://www.chinadaily.com.cn/world/europe" in alarm.advice
        assert "`expect.news` in chinadaily.yml" in alarm.advice
        assert not alarm.earlier

    @pytest.mark.parametrize("changes", [{"counts": {"published": 1}}, {"counts": {"updated": 1}}, {"recovered": 1}])
    def test_every_way_to_a_new_version_counts(self, changes: dict[str, Any]) -> None:
        assert Kind.NO_NEWS not in judge([run(0, **changes), run(60)])
        assert Kind.NO_NEWS in judge([run(0), run(60, **changes)])

    def test_what_a_failed_run_published_is_news(self) -> None:
        assert Kind.NO_NEWS not in judge([run(0, failure="RunFailed", counts={"published": 1}), run(60)])

    def test_what_a_backfill_found_is_none(self) -> None:
        runs = [run(0), run(1, scope="backfill", counts={"published": 99}), run(60, counts={"published": 1})]
        assert judge(runs)[Kind.NO_NEWS].since == runs[-1].ended_at

    def test_without_any_version_since_the_first_run(self) -> None:
        runs = [run(turn) for turn in range(60)]
        alarm = judge(runs)[Kind.NO_NEWS]
        assert alarm.since == runs[-1].started_at
        assert alarm.earlier

    def test_at_the_bound_all_is_well(self) -> None:
        runs = [run(0), run(48, counts={"published": 1})]
        bound = runs[-1].ended_at + timedelta(hours=24)
        assert Kind.NO_NEWS not in judge(runs, now=bound)
        assert Kind.NO_NEWS in judge(runs, now=bound + timedelta(seconds=1))

    def test_a_site_may_stand_still(self) -> None:
        assert not judge([run(turn) for turn in range(100)], site(news=None))
        assert newsroom_site().expect.news is None


class TestLate:
    def test_since_the_last_complete_run(self) -> None:
        interrupted = [run(turn, ended="interrupted", **NO_SHARE) for turn in range(7)]
        alarm = judge([*interrupted, run(7)])[Kind.LATE]
        assert alarm.since == run(7).ended_at
        assert alarm.title == "no complete run for 3 h"
        assert "ended interrupted" in alarm.message

    def test_without_a_complete_run_since_the_first(self) -> None:
        alarm = judge([run(turn, ended="interrupted", **NO_SHARE) for turn in range(8)])[Kind.LATE]
        assert (alarm.since, alarm.earlier) == (run(7).started_at, True)

    def test_a_section_without_a_schedule_never_is(self) -> None:
        old = [run(1000, **NO_SHARE)]
        assert Kind.LATE in judge(old)
        assert Kind.LATE not in judge(old, site(schedule=None))
        assert Kind.LATE not in judge(old, site(late=None))


class TestFailures:
    @pytest.mark.parametrize(
        ("failure", "kind"), [("LayoutChanged", Kind.LAYOUT_CHANGED), ("CrawlRefused", Kind.REFUSED)]
    )
    def test_one_is_enough_where_trying_again_mends_nothing(self, failure: str, kind: Kind) -> None:
        alarm = judge([run(0, failure=failure, reason="listing x has 2 articles"), *HEALTHY[1:]])[kind]
        assert alarm.since == run(0).started_at
        assert alarm.title in {"the layout changed", "the site refuses"}
        assert "listing x has 2 articles" in alarm.message

    def test_since_the_start_of_the_row(self) -> None:
        failed = [run(turn, failure="LayoutChanged") for turn in range(3)]
        found = judge([*failed, run(3, failure="CrawlRefused"), run(4, failure="LayoutChanged"), *HEALTHY[5:]])
        assert found[Kind.LAYOUT_CHANGED].since == failed[-1].started_at
        assert not {Kind.FAILING, Kind.REFUSED} & found.keys()

    def test_another_failure_in_between_does_not_end_it(self) -> None:
        layout, other = run(2, failure="LayoutChanged"), run(1, failure="RunFailed")
        first = judge([layout, *HEALTHY[3:]])[Kind.LAYOUT_CHANGED]
        between = judge([other, layout, *HEALTHY[3:]])[Kind.LAYOUT_CHANGED]
        again = judge([run(0, failure="LayoutChanged"), other, layout, *HEALTHY[3:]])[Kind.LAYOUT_CHANGED]
        assert first.incident == between.incident == again.incident

    def test_failures_of_any_kind_last(self) -> None:
        failed = [run(turn, ended="failed", failure=f"Failure{turn}", **NO_SHARE) for turn in range(4)]
        assert judge([*failed, *HEALTHY[4:]])[Kind.FAILING].since == failed[-1].started_at

    @pytest.mark.parametrize("failure", ["RunFailed", None])
    def test_others_are_reported_when_they_last(self, failure: str | None) -> None:
        failed = [run(turn, ended="failed", failure=failure, **NO_SHARE) for turn in range(2)]
        assert Kind.FAILING not in judge([*failed[1:], *HEALTHY[2:]])
        assert judge([*failed, *HEALTHY[2:]])[Kind.FAILING].since == failed[-1].started_at
        assert Kind.FAILING not in judge([*failed, *HEALTHY[2:]], site(failures=3))

    def test_the_tries_of_one_dag_run_are_one_run(self) -> None:
        def tries(digest: str, *turns: int) -> list[PastRun]:
            made = [run(turn, failure="RunFailed", **NO_SHARE) for turn in turns]
            return [attrs.evolve(each, run_id=f"{each.run_id}-{digest}-{9 - at}") for at, each in enumerate(made)]

        first, second = tries("00000a", 2, 3), tries("00000b", 0, 1)
        assert not judge([*first, *HEALTHY[4:]])
        alarm = judge([*second, *first, *HEALTHY[4:]])[Kind.FAILING]
        assert alarm.title == "runs fail, 2 runs in a row"
        assert alarm.since == first[-1].started_at

    @pytest.mark.parametrize(
        ("failure", "kind"),
        [("SpoolError", Kind.SPOOL)]
        + [(name, Kind.BUCKET_AWAY) for name in ("BucketUnreachable", "BucketRefused", "ClockWrong", "KeysExpired")],
    )
    def test_bucket_disk_clock_and_keys_are_reported_at_once(self, failure: str, kind: Kind) -> None:
        alarm = judge([run(0, failure=failure), *HEALTHY[1:]])[kind]
        assert alarm.earlier
        assert alarm.advice == on_failure(failure).action

    def test_an_interrupted_run_neither_breaks_the_row_nor_belongs_to_it(self) -> None:
        runs = [run(0, ended="interrupted"), run(1, failure="LayoutChanged"), run(2, ended="interrupted")]
        found = judge([*runs, run(3, failure="LayoutChanged"), *HEALTHY[4:]])
        assert found[Kind.LAYOUT_CHANGED].since == run(3).started_at
        assert "2 runs in a row" in found[Kind.LAYOUT_CHANGED].title

    def test_a_complete_run_ends_it(self) -> None:
        assert not judge([HEALTHY[0], run(1, failure="LayoutChanged"), *HEALTHY[2:]])


class TestCauses:
    def test_a_changed_layout_is_one_alarm(self) -> None:
        broken = run(0, failure="LayoutChanged", counts={}, newly_rejected=12, rejected={"no-headline": 30})
        runs = [broken, run(70, counts={"published": 1})]
        assert standing(runs).keys() == {
            *(Kind.LAYOUT_CHANGED, Kind.REJECTED, Kind.FIELDS_MISSING, Kind.LATE, Kind.NO_NEWS)
        }
        assert judge(runs).keys() == {Kind.LAYOUT_CHANGED}

    def test_a_site_that_is_down_is_one_alarm(self) -> None:
        runs = [run(turn, failure="RunFailed") for turn in range(60)] + [run(61, counts={"published": 1})]
        assert standing(runs).keys() == {Kind.FAILING, Kind.LATE, Kind.NO_NEWS}
        assert judge(runs).keys() == {Kind.FAILING}

    def test_what_follows_is_neither_reported_nor_over(self) -> None:
        runs = [run(turn, failure="RunFailed") for turn in range(60)] + [run(61, counts={"published": 1})]
        assert judge_all(site(), SECTION, runs, NOW).following == {Kind.LATE, Kind.NO_NEWS}

    def test_two_causes_are_two_alarms(self) -> None:
        runs = [run(0, failure="CrawlRefused"), rejecting(12, turns_ago=1), *HEALTHY[2:]]
        assert judge(runs).keys() == {Kind.REFUSED, Kind.REJECTED}


class TestCured:
    BROKEN = run(1, newly_rejected=12, rejected={"no-headline": 30}, counts={"unchanged": 2})
    """New and known pages can't be read."""

    def test_known_pages_that_are_read_well_again_end_it(self) -> None:
        assert judge([self.BROKEN, *HEALTHY[2:]]).keys() == {Kind.REJECTED}
        assert not judge([run(0, counts={"unchanged": 60}), self.BROKEN, *HEALTHY[2:]])
        assert not judge([run(0, counts={"silent_edit": 60}, rejected={"no-body": 2}), self.BROKEN, *HEALTHY[2:]])

    def test_few_or_bad_ones_do_not(self) -> None:
        assert judge([run(0, counts={"unchanged": 9}), self.BROKEN, *HEALTHY[2:]])
        assert judge([run(0, counts={"unchanged": 60}, rejected={"no-body": 30}), self.BROKEN, *HEALTHY[2:]])

    def test_known_pages_that_never_broke_say_nothing(self) -> None:
        new_ones = run(1, newly_rejected=12, rejected={"no-headline": 12}, counts={"unchanged": 60})
        assert judge([run(0, counts={"unchanged": 60}), new_ones, *HEALTHY[2:]])


class TestRedeemed:
    """Rejected pages can be read again: they are not bad any more, whatever else is new."""

    BAD = frozenset(f"WS{number}" for number in range(12))
    BROKEN = run(1, newly_rejected=12, rejected={"no-headline": 12}, rejected_ids=BAD)

    def test_the_same_articles_read_well_end_it(self) -> None:
        assert judge([self.BROKEN, *HEALTHY[2:]]).keys() == {Kind.REJECTED}
        assert not judge([run(0, counts={"published": 12}, new_ids=self.BAD), self.BROKEN, *HEALTHY[2:]])

    def test_some_of_them_or_others_do_not(self) -> None:
        for read_well in (frozenset(sorted(self.BAD)[:4]), frozenset({"WSx", "WSy", "WSz", "WSw"})):
            newest = run(0, counts={"published": 4}, new_ids=read_well)
            assert Kind.REJECTED in judge([newest, self.BROKEN, *HEALTHY[2:]])


class TestShares:
    def test_too_many_rejected(self) -> None:
        runs = [rejecting(4, published=6), *HEALTHY[1:]]
        alarm = judge(runs)[Kind.REJECTED]
        assert alarm.since == runs[0].started_at
        assert alarm.title == "4 of 10 new pages rejected"
        assert "(40%)" in alarm.message
        assert "at most 30%" in alarm.message
        assert "4 no-body" in alarm.message
        assert not alarm.earlier

    def test_as_many_as_expected(self) -> None:
        assert Kind.REJECTED not in judge([rejecting(3, published=7), *HEALTHY[1:]])
        assert Kind.REJECTED not in judge([rejecting(4, published=6), *HEALTHY[1:]], site(rejected=0.4))

    def test_few_pages_say_nothing(self) -> None:
        assert not judge([rejecting(9), run(1, **NO_SHARE | {"counts": {}})])

    def test_few_pages_count_with_those_of_the_runs_before(self) -> None:
        runs = [rejecting(1, turns_ago=turn) for turn in range(10)]
        assert judge(runs)[Kind.REJECTED].title == "10 of 10 new pages rejected"

    def test_what_is_known_as_rejected_is_not_new(self) -> None:
        known = [run(turn, counts={"published": 1}, rejected={"no-body": 9}) for turn in range(20)]
        assert Kind.REJECTED not in judge(known)

    def test_runs_without_anything_new_go_on_with_it(self) -> None:
        quiet = [run(turn) for turn in range(5)]
        alarm = judge([*quiet, rejecting(10, turns_ago=5), *HEALTHY[6:]])[Kind.REJECTED]
        assert alarm.since == run(5).started_at

    def test_a_missing_field_is_reported_sooner_than_a_gallery(self) -> None:
        found = judge([rejecting(3, "no-headline", published=20), *HEALTHY[1:]])
        assert found.keys() == {Kind.FIELDS_MISSING}
        assert found[Kind.FIELDS_MISSING].title == "3 of 23 new pages lack a field"
        assert not judge([rejecting(3, "no-body", published=20), *HEALTHY[1:]])
        assert not judge([rejecting(2, "invalid", published=20), *HEALTHY[1:]])
        assert not judge([rejecting(3, "invalid", published=20), *HEALTHY[1:]], site(missing=0.2))


ENDS = st.sampled_from(["LayoutChanged", "CrawlRefused", "RunFailed", "interrupted", "complete"])
FATES = st.tuples(ENDS, st.integers(0, 12), st.integers(0, 12), st.sampled_from(["no-body", "no-headline"]))


def made(fates: list[tuple[str, int, int, str]]) -> list[PastRun]:
    """Runs, newest first, of their fates, oldest first; the first of them is the same run however many follow."""
    return [
        run(
            -turn,
            ended=end if end in {"complete", "interrupted"} else "failed",
            failure=end,
            counts={"published": published},
            newly_rejected=rejected,
            rejected={reason: rejected},
        )
        for turn, (end, published, rejected, reason) in enumerate(fates)
    ][::-1]


@settings(deadline=None)
@given(st.lists(FATES, min_size=1, max_size=40), st.integers(1, 40))
def test_an_incident_is_the_same_until_it_is_over(fates: list[tuple[str, int, int, str]], known: int) -> None:
    """Checked after each run: an alarm found twice in a row is one incident, even if only the newest runs are read."""
    before: dict[Kind, Alarm] = {}
    hasty = site(news="PT2H", late="PT1H")
    for number in range(1, len(fates) + 1):
        runs = made(fates[:number])
        found = standing(runs, hasty, runs[0].ended_at)
        for kind in found.keys() & before.keys():
            assert found[kind].incident == before[kind].incident or _ends(kind, runs[0])
        seen_from_near = standing(runs[:known], hasty, runs[0].ended_at)
        for kind, alarm in seen_from_near.items():
            if kind is Kind.FAILING and found.keys() & {Kind.LAYOUT_CHANGED, Kind.REFUSED}:
                continue  # Its start is outside the newest runs.
            assert kind in found
            assert alarm.incident == found[kind].incident or (alarm.earlier and alarm.since > found[kind].since)
        before = found


def _ends(kind: Kind, newest: PastRun) -> bool:
    """Whether this run ended a problem, so that a later one is another incident."""
    return {Kind.NO_NEWS: newest.new > 0, Kind.LATE: newest.ended == "complete"}.get(kind, False)


def test_every_kind_that_is_judged_is_found() -> None:
    found: set[Kind] = set()
    for runs in (
        [run(0, failure="LayoutChanged"), run(60)],
        [run(0, failure="CrawlRefused"), rejecting(12, "invalid", 1)],
        [run(turn, failure="RunFailed") for turn in range(9)],
        [run(0, failure="SpoolError")],
        [run(0, failure="BucketRefused")],
        [run(0, set_aside=("a.warc.gz: damaged",), set_aside_since=NOW)],
    ):
        found |= standing(runs).keys()
    assert found == JUDGED


def test_the_others_are_made_by_hand() -> None:
    away = unusable(BucketUnreachable("bucket 'b': nobody answers at http://x."), NOW)
    assert (away.kind, away.since, away.earlier) == (Kind.BUCKET_AWAY, NOW, True)
    assert "nobody answers at http://x" in away.message
    assert "AWS_SESSION_TOKEN" in unusable(KeysExpired("the keys"), NOW).advice
    full = unusable(SpoolError("no room"), NOW)
    assert (full.kind, full.message) == (Kind.SPOOL, "SpoolError: no room")
    assert timed_out("manual__x", NOW).about == "manual__x"
    late = deadline_missed("scheduled__x", NOW - timedelta(hours=2), NOW)
    assert (late.incident, late.title) == ("deadline 2026-11-25T10:00:00.000000Z scheduled__x", "a run is late by 2 h")
    assert "scheduled__x" in late.message


@pytest.mark.parametrize(
    ("minutes", "said"), [(0.9, "0 min"), (119, "119 min"), (120, "2 h"), (71 * 60 + 59, "71 h"), (72 * 60, "3 days")]
)
def test_spans(minutes: float, said: str) -> None:
    assert span(timedelta(minutes=minutes)) == said


def test_how_far_back_is_far_enough() -> None:
    assert not reaches(site(), [], NOW)
    assert not reaches(site(), [run(1), run(2)], NOW)  # The last news may be older than these.
    assert reaches(site(), [run(1), run(2, counts={"published": 1})], NOW)
    assert reaches(site(news=None), [run(1), run(2)], NOW)
    assert reaches(site(), [run(1), run(60)], NOW)
    assert not reaches(site(news=None), [run(1, ended="interrupted")], NOW)
    assert not reaches(site(), [run(60, scope="backfill", counts={"published": 1})], NOW)


class TestSetAside:
    """Unreadable files of a spool."""

    FILE = "copy.warc.gz: its name is that of no file of newsroom's spool"

    def test_it_stands_as_long_as_the_last_run_of_that_spool_lists_it(self) -> None:
        bad: dict[str, Any] = {"spool": "a", "set_aside": (self.FILE,), "set_aside_since": NOW - timedelta(hours=5)}
        alarm = judge([run(0, **bad), run(1, spool="a")])[Kind.SET_ASIDE]
        assert self.FILE in alarm.message
        assert alarm.since == NOW - timedelta(hours=5)
        assert judge([run(0, spool="b"), run(1, **bad)])[Kind.SET_ASIDE].incident == alarm.incident
        assert Kind.SET_ASIDE not in judge([run(0, spool="a"), run(1, **bad)])
