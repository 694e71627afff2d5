from datetime import timedelta

import pytest

from pressmark.sites.revisit_policy import Recheck

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("age", "since", "listed", "due"),
    [
        (HOUR, timedelta(0), False, True),  # every run until 6 h
        (6 * HOUR, 0.5 * HOUR, True, False),  # then hourly
        (6 * HOUR, HOUR, False, True),
        (6 * HOUR, HOUR - timedelta(seconds=20), False, True),  # a run that is a little early skips nothing
        (2 * DAY, 6 * HOUR, True, False),  # then every 12 h
        (2 * DAY, 12 * HOUR, False, True),
        (14 * DAY, DAY, False, False),  # then only what is listed, daily
        (14 * DAY, 12 * HOUR, True, False),
        (14 * DAY, DAY, True, True),
        (20 * DAY, -HOUR, False, True),  # a clock that was set back
        (-HOUR, timedelta(0), False, True),  # created in the future
    ],
)
def test_by_age_and_last_visit(age: timedelta, since: timedelta, listed: bool, due: bool) -> None:
    assert Recheck().due(age, since, listed=listed) is due


def test_what_is_not_in_the_steps_is_not_watched() -> None:
    assert Recheck().watches(14 * DAY - HOUR)
    assert not Recheck().watches(14 * DAY)


def test_a_site_file_says_it_in_iso_8601() -> None:
    policy = Recheck.model_validate({"steps": [{"until": "PT6H", "every": "PT0S"}], "listed": "P7D"})
    assert policy.due(HOUR, timedelta(0), listed=False)
    assert not policy.due(7 * HOUR, 6 * DAY, listed=True)
    assert policy.due(7 * HOUR, 7 * DAY, listed=True)
