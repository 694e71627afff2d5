from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pressmark.jobs.audit.sample import Sample

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
YEAR = timedelta(days=365)


def chosen(size: int, hours: dict[str, float], seed: str = "2026-11-25", order: int = 0) -> list[str]:
    sample = Sample(size, SINCE, SINCE + YEAR, seed)
    keys = sorted(hours)
    Random(order).shuffle(keys)
    for key in keys:
        sample.offer(key, SINCE + timedelta(hours=hours[key]), "pressmark 1")
    return [each.key for each in sample.chosen()]


@given(
    size=st.integers(0, 12),
    hours=st.dictionaries(st.text(max_size=3), st.floats(-9000, 9000), max_size=40),
    orders=st.tuples(st.integers(), st.integers()),
)
def test_so_many_as_are_wanted_or_there_and_the_same_in_whichever_order(
    size: int, hours: dict[str, float], orders: tuple[int, int]
) -> None:
    found = chosen(size, hours, order=orders[0])
    assert len(set(found)) == len(found) == min(size, len(hours))
    assert found == sorted(found, key=lambda key: (SINCE + timedelta(hours=hours[key]), key))
    assert chosen(size, hours, order=orders[1]) == found


def test_each_part_of_the_time_gives_one_though_most_lie_in_one() -> None:
    hours = {f"old-{part}": part * 876.0 + 1 for part in range(9)} | {f"new-{n}": 8759 - n / 10 for n in range(1000)}
    found = chosen(10, hours)
    assert found[:9] == [f"old-{part}" for part in range(9)]
    assert found[9].startswith("new-")


def test_another_day_chooses_others() -> None:
    hours = {str(number): number for number in range(8000)}
    days = [set(chosen(50, hours, seed)) for seed in ("2026-11-25", "2026-11-26")]
    assert len(days[0] & days[1]) < 5


@pytest.mark.parametrize("late", [1, 25])
def test_what_comes_later_takes_the_place_of_one_at_most(late: int) -> None:
    hours = {str(number): number for number in range(8000)}
    before = chosen(50, hours)
    after = chosen(50, hours | {f"late-{n}": 8700 for n in range(late)})
    assert len(set(before) - set(after)) == 1
    assert len([key for key in after if key.startswith("late")]) == 1


def test_an_archive_of_a_moment_has_a_sample() -> None:
    sample = Sample(2, SINCE, SINCE, "x")
    for key in "abc":
        sample.offer(key, SINCE, "pressmark 1")
    assert len(sample.chosen()) == 2
