"""Times with a printed zone, which takes precedence over the site's."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pressmark.spiders.pages.chinadaily.byline import read_byline, read_time

SHANGHAI = ZoneInfo("Asia/Shanghai")
PLAIN = "2022-02-18 08:53"


@pytest.mark.parametrize(
    ("printed", "hours"),
    [
        (PLAIN, 8),
        (f"{PLAIN} GMT", 0),
        (f"{PLAIN} UTC", 0),
        (f"{PLAIN}Z", 0),
        (f"{PLAIN} (GMT)", 0),
        (f"{PLAIN} gmt", 0),
        ("2022-02-18T08:53:00Z", 0),
        (f"{PLAIN}:07+00:00", 0),
        (f"{PLAIN} +0800", 8),
        (f"{PLAIN} -05:30", -5.5),
        (f"{PLAIN} GMT+8", 8),
        (f"{PLAIN} GMT +8", 8),
        (f"{PLAIN} UTC+05:30", 5.5),
        (f"{PLAIN} (UTC-3)", -3),
    ],
)
def test_a_printed_zone_wins(printed: str, hours: float) -> None:
    byline = read_byline(f"China Daily | Updated: {printed} | By Jane Doe", frozenset())
    assert byline.updated == printed
    moment = read_time(printed, SHANGHAI)
    assert moment.tzinfo is SHANGHAI
    there = moment.astimezone(timezone(timedelta(hours=hours)))
    assert there.strftime("%Y-%m-%d %H:%M") == PLAIN


@pytest.mark.parametrize(
    "suffix", ["", " Zurich", " - 5 comments", " GMTX", " CST", " +", " Beijing time", " 10:00", " -10 comments"]
)
def test_what_is_no_zone_leaves_the_sites_own(suffix: str) -> None:
    byline = read_byline(f"Updated: {PLAIN}{suffix}", frozenset())
    assert byline.updated == PLAIN
    assert read_time(byline.updated, SHANGHAI) == datetime(2022, 2, 18, 8, 53, tzinfo=SHANGHAI)


@pytest.mark.parametrize("printed", ["", "x", f"{PLAIN} +99:00", f"{PLAIN} +24:00", "2022-02-30 08:53 GMT"])
def test_a_time_that_never_was_is_refused(printed: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_time(printed, SHANGHAI)


@given(st.integers(60 * 24 * 400, 60 * 24 * 40_000), st.integers(-23 * 60, 23 * 60))
def test_any_offset_is_read_as_it_is_meant(since_1970: int, minutes: int) -> None:
    local = datetime.fromtimestamp(60 * since_1970, UTC)
    sign = "-" if minutes < 0 else "+"
    printed = f"{local:%Y-%m-%d %H:%M} {sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    assert read_time(printed, SHANGHAI).astimezone(UTC) == local - timedelta(minutes=minutes)
