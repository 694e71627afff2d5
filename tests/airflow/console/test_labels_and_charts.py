"""Parts that need no bucket: states, days, loads, charts, labels."""

from datetime import datetime, timedelta
from typing import Any

import attrs
import pytest

from pressmark.airflow.console import charts
from pressmark.airflow.console.daily_totals import by_day
from pressmark.airflow.console.freshness import State, freshness
from pressmark.airflow.console.request_rate import loads
from pressmark.archive.bucket.manifest_model import HostRequests
from pressmark.model.outcomes import Outcome
from pressmark.monitoring.alarm import Alarm
from pressmark.monitoring.history import PastRun
from pressmark.reader import Difference
from pressmark.sites.site_files import load_sites
from pressmark.web.common import formatting
from pressmark.web.common.key_patterns import NotFound, section_of_manifest, site_of_document, site_of_segment
from pressmark.web.common.version_diff import change_of

HALF_HOURLY = "*/30 * * * *"


def run(began: datetime, ended: str = "complete", *, asked: tuple[HostRequests, ...] = (), **counts: int) -> PastRun:
    return PastRun(
        key=f"runs/newsroom/world/europe/2026/11/25/{began:%Y%m%dT%H%M%S}.json",
        run_id=f"{began:%Y%m%dT%H%M%S}",
        site="newsroom",
        section="world/europe",
        started_at=began,
        ended_at=began + timedelta(minutes=2),
        ended=ended,
        reason=None,
        failure=None,
        scope="newest",
        counts={"seen": sum(counts.values()), **dict.fromkeys(Outcome, 0), **counts},
        rejected={},
        failed={},
        newly_rejected=0,
        recovered=0,
        segments=1,
        warc_bytes=1000,
        asked=asked,
    )


def before(now: datetime, minutes: int, ended: str = "complete", **more: Any) -> PastRun:
    return run(now - timedelta(minutes=minutes), ended, **more)


def alarm(now: datetime) -> Alarm:
    return Alarm(kind="no-news", title="no news", since=now, message="", advice="")


@pytest.mark.parametrize(
    ("ago", "schedule", "state", "said"),
    [
        ([], HALF_HOURLY, State.NEVER, "No run of this section has ended yet."),
        ([(20, "complete")], HALF_HOURLY, State.FRESH, "Last complete run 18 min ago; the next is due now."),
        ([(5, "complete")], "0 * * * *", State.FRESH, "the next is due in 30 min."),
        ([(95, "complete")], HALF_HOURLY, State.LATE, "a run has been due for 1 h."),
        ([(10, "failed"), (40, "failed"), (70, "complete")], HALF_HOURLY, State.FAILING, "The last 2 runs failed."),
        ([(10, "interrupted"), (40, "failed")], HALF_HOURLY, State.FAILING, "No run has been complete yet."),
        ([(10, "interrupted"), (40, "complete")], HALF_HOURLY, State.FRESH, "Last complete run 38 min ago"),
        ([(10, "interrupted")], HALF_HOURLY, State.LATE, "they were interrupted"),
        ([(9000, "complete")], None, State.FRESH, "it runs when triggered"),
        ([(5, "complete")], "every day", State.ALARMS, "Its schedule can't be read"),
    ],
)
def test_a_section_is_judged_by_its_schedule(
    now: datetime, ago: list[tuple[int, str]], schedule: str | None, state: State, said: str
) -> None:
    found = freshness(schedule, [before(now, minutes, ended) for minutes, ended in ago], [], now)
    assert found.state is state
    assert said in found.sentence


def test_a_fresh_section_with_alarms_has_the_state_alarms(now: datetime) -> None:
    assert freshness(HALF_HOURLY, [before(now, 5)], [alarm(now)], now).state is State.ALARMS
    assert freshness(HALF_HOURLY, [before(now, 5, "failed")], [alarm(now)], now).state is State.FAILING


def test_a_backfill_says_nothing_of_the_newest_news(now: datetime) -> None:
    backfill = attrs.evolve(before(now, 5, "failed"), scope="backfill")
    assert freshness(HALF_HOURLY, [backfill, before(now, 10)], [], now).state is State.FRESH
    assert freshness(HALF_HOURLY, [backfill], [], now).state is State.NEVER


def test_days_without_a_run_are_days(now: datetime) -> None:
    runs = [before(now, 5, published=2, silent_edit=1), before(now, 60 * 24 * 2, updated=1), before(now, 60 * 24 * 30)]
    days = by_day(runs, now, 14)
    assert [day.day.day for day in days] == list(range(12, 26))
    assert [(day.runs, day.new, day.silent, day.size) for day in days[-3:]] == [
        (1, 1, 0, 1000),
        (0, 0, 0, 0),
        (1, 2, 1, 1000),
    ]
    assert sum(day.runs for day in days) == 2


def test_loads_are_held_against_the_delay(now: datetime) -> None:
    site = load_sites()["chinadaily"]
    asked = [HostRequests(host="a", number=40, busiest_minute=31), HostRequests(host="b", number=2, busiest_minute=2)]
    busy = [
        before(now, 5, asked=tuple(asked)),
        before(now, 35, asked=(HostRequests(host="a", number=20, busiest_minute=10),)),
    ]
    first, second = loads(site, busy)
    assert (first.host, first.average, first.busiest, first.allowed, first.over) == ("a", 15.0, 31, 30.0, False)
    assert (second.host, second.average) == ("b", 1.0)
    assert loads(site, [before(now, 5, asked=(HostRequests(host="a", number=90, busiest_minute=32),))])[0].over
    assert loads(site, [before(now, 5)]) == []


def test_bars_stand_on_the_ground_and_add_up(now: datetime) -> None:
    runs = [before(now, 5, "failed"), before(now, 35, published=3, rejected=1, unchanged=50), before(now, 65, failed=2)]
    chart = charts.of_runs(runs, lambda key: f"/{key}", room=48)
    assert [bar.mark for bar in chart.bars] == ["", "", "failed"]
    oldest, middle, newest = chart.bars
    assert newest.parts == ()
    assert [part.colour for part in middle.parts] == ["new", "rejected", "same"]
    assert middle.parts[0].y + middle.parts[0].height == chart.ground == middle.parts[2].y
    assert middle.parts[1].y == chart.ground - charts.HEIGHT
    assert oldest.parts[0].height == charts.HEIGHT / 2
    assert newest.x + charts.STEP == chart.width
    assert "54 seen: 3 new versions, 1 rejected, 50 unchanged." in middle.title


def test_charts_of_nothing_are_empty(now: datetime) -> None:
    assert charts.of_runs([], str, room=48).bars == ()
    assert all(bar.parts == () for bar in charts.of_storage(by_day([], now, 14)).bars)


def test_few_changed_words_are_marked_one_by_one() -> None:
    same = "The council extended the lease on the old shipyard on Monday"
    body = Difference("articleBody", f"First.\n\n{same}.\n\nLast.", f"First.\n\n{same} night.\n\nLast.")
    first, marked, last = change_of(body).paragraphs
    assert first == last == "1 paragraph the same"
    assert marked == [
        ("same", "The council extended the lease on the old shipyard on "),
        ("removed", "Monday."),
        ("added", "Monday night."),
    ]


def test_another_text_is_shown_as_replaced() -> None:
    change = change_of(Difference("articleBody", "One two three four.", "Five six seven eight nine."))
    assert change.paragraphs == [[("removed", "One two three four.")], [("added", "Five six seven eight nine.")]]


def test_a_long_text_is_compared_in_time() -> None:
    old = " ".join(f"w{number % 700}" for number in range(20_000))
    assert [[kind for kind, _ in part] for part in change_of(Difference("x", old, f"{old} end")).paragraphs] == [
        ["removed"],
        ["added"],
    ]


def test_lines_that_repeat_are_not_compared_one_by_one() -> None:
    """Each equal pair takes time, and there are half a million."""
    old, new = "\n\n".join("AB" * 500), "\n\n".join("A" * 500 + "B" * 500)
    assert not [part for part in change_of(Difference("x", old, new)).paragraphs if isinstance(part, str)]
    few = change_of(Difference("x", "\n\n".join("AB" * 50), "\n\n".join("A" * 50 + "B" * 50)))
    assert [part for part in few.paragraphs if isinstance(part, str)]


def test_other_values_than_text_are_compared_as_json() -> None:
    change = change_of(Difference("author", [{"name": "REN QI"}], None))
    assert change.name == "Authors"
    assert '"name": "REN QI"' in change.paragraphs[0][0][1]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "just now"),
        (40, "40 s ago"),
        (720, "12 min ago"),
        (7300, "2 h ago"),
        (400_000, "4 days ago"),
        (-7300, "in 2 h"),
    ],
)
def test_ages_are_words(now: datetime, seconds: int, said: str) -> None:
    assert formatting.ago(now - timedelta(seconds=seconds), now) == said


def test_sizes_and_counts() -> None:
    assert [formatting.size(number) for number in (0, 999, 1234, 94_000_000, 940_000_000, 5e15)] == [
        "0 B",
        "999 B",
        "1.2 kB",
        "94.0 MB",
        "940 MB",
        "5000 TB",
    ]
    assert (formatting.count(1, "run"), formatting.count(1200, "run")) == ("1 run", "1,200 runs")


def test_keys_name_site_and_section() -> None:
    assert site_of_document("rejected/a-b/2022/02/18/WS0/no-body.json") == "a-b"
    assert section_of_manifest("runs/a-b/World-News/far.east/2022/02/18/20220218T005300-3fa9c1-2.json") == (
        "a-b",
        "World-News/far.east",
    )
    assert site_of_segment("warc/a/2022/02/18/a-20220218005300192-x-00001.warc.gz") == "a"
    for wrong in ("runs/a/x/../2022/02/18/y.json", "runs/a/2022/02/18/y.json"):
        with pytest.raises(NotFound):
            section_of_manifest(wrong)
