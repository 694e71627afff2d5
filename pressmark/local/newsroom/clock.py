"""The newsroom's clock: it stops until it is moved, or runs with the real one."""

import re
import time
from datetime import datetime, timedelta
from typing import Final

from pressmark.local.newsroom.content.section import SHANGHAI

CLOCK_START: Final = datetime(2022, 2, 18, 12, 0, tzinfo=SHANGHAI)
"""Fixed, so that the same seed gives the same bytes on any day."""

# Ids hold the time in 32 bits, and the oldest of many articles is years older than the start.
_EARLIEST: Final = 2010
_LATEST: Final = 2099
_FARTHEST: Final = timedelta(days=5 * 365)

_DURATION: Final = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?")


class Clock:
    """A clock that only moves forward."""

    def __init__(self, start: datetime, *, running: bool = False) -> None:
        if start.tzinfo is None:
            raise ValueError(f"{start.isoformat()} has no time zone: write +08:00 after it")
        if not _EARLIEST <= start.year <= _LATEST:
            raise ValueError(f"{start.isoformat()} is out of range: the clock starts between 2010 and 2099")
        self.start = start.astimezone(SHANGHAI).replace(microsecond=0)
        self.running = running
        self._passed = timedelta()
        self._origin = time.monotonic()

    @property
    def elapsed(self) -> timedelta:
        """Time since the start."""
        return self._passed + timedelta(seconds=int(time.monotonic() - self._origin) if self.running else 0)

    @property
    def now(self) -> datetime:
        """The time in Shanghai, to the second."""
        return self.start + self.elapsed

    def advance(self, by: timedelta) -> None:
        """Move forward; ValueError if it can't be moved that far."""
        self.check(by)
        self._passed += timedelta(seconds=int(by.total_seconds()))

    def check(self, by: timedelta) -> None:
        """Raise ValueError if the clock can't be moved that far."""
        if by < timedelta():
            raise ValueError(f"the clock only moves forward, not by {by}")
        if self.elapsed + by > _FARTHEST:
            raise ValueError(f"{by} is too far: the clock stays within 5 years of its start")


def read_duration(text: str) -> timedelta:
    """Read a duration such as `10m`, `1h30m` or `45s`; ValueError if it is invalid."""
    found = _DURATION.fullmatch(text.strip())
    if not found or not any(found.groups()):
        raise ValueError(f"{text!r} is no duration: write for example 45s, 10m, 1h30m or 2d")
    days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def read_clock(text: str) -> datetime:
    """Read `now` or an ISO time with its zone; ValueError if it is neither."""
    if text == "now":
        return datetime.now(SHANGHAI)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no time: write now, or for example 2022-02-18T12:00:00+08:00") from None
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone: write for example {text}+08:00")
    return moment
