"""Times, sizes and counts for people. All times are UTC."""

from datetime import UTC, datetime, timedelta

from pressmark.text import counted

count = counted
MINUTE, HOUR, DAY = 60, 3600, 86400


def exact(moment: datetime) -> str:
    """Return `25 Nov 2026 10:30:05 UTC`."""
    return f"{moment.astimezone(UTC):%-d %b %Y %H:%M:%S} UTC"


def short(moment: datetime, now: datetime) -> str:
    """Return `10:30` for today, `24 Nov 10:30` for another day, and with the year for another year."""
    moment, now = moment.astimezone(UTC), now.astimezone(UTC)
    if moment.date() == now.date():
        return f"{moment:%H:%M}"
    return f"{moment:%-d %b %H:%M}" if moment.year == now.year else f"{moment:%-d %b %Y %H:%M}"


def span(time: timedelta) -> str:
    """Return an approximate duration: `40 s`, `12 min`, `3 h`, `5 days`."""
    seconds = int(abs(time).total_seconds())
    if seconds < MINUTE:
        return f"{seconds} s"
    if seconds < HOUR:
        return f"{seconds // MINUTE} min"
    if seconds < 2 * DAY:
        return f"{seconds // HOUR} h"
    return f"{seconds // DAY} days"


def ago(moment: datetime, now: datetime) -> str:
    """Return how long ago that was: `12 min ago`, `just now`, or `in 3 h` for a future time."""
    passed = now - moment
    if abs(passed) < timedelta(seconds=5):
        return "just now"
    return f"{span(passed)} ago" if passed > timedelta() else f"in {span(passed)}"


def size(number: float) -> str:
    """Return bytes in a decimal unit: `3.4 MB`."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if number < 1000 or unit == "TB":
            break
        number /= 1000
    return f"{number:.0f} {unit}" if unit == "B" or number >= 100 else f"{number:.1f} {unit}"
