"""The byline: authors, source and time of the update, in one printed line."""

import re
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import attrs

from pressmark.model.article import Credit
from pressmark.spiders.pages.chinadaily.credits import MOST_NAMES, credits_in

_BY = re.compile(r"(?:By|BY|by)\s+")
_OFFSET = r"(?:(?:UTC|GMT)\s?(?=[+-])|(?=[+-]\d\d:?\d\d\b))(?P<sign>[+-])(?P<hours>\d\d?)(?::?(?P<minutes>\d\d))?\b"
_ZONE = rf"\s?\(?(?i:(?P<zero>Z|UTC|GMT)\b(?!\s?[+-]\d)|{_OFFSET})\)?"
_TIME = rf"(?P<time>[12]\d{{3}}-\d{{2}}-\d{{2}}[ T]\d{{2}}:\d{{2}}(?::\d{{2}})?)(?:{_ZONE})?"
_PRINTED = re.compile(_TIME)
_UPDATED = re.compile(rf"Updated:\s*(?P<printed>{_TIME})")


@attrs.frozen(kw_only=True)
class Byline:
    """A byline in its parts, e.g. `By REN QI in Moscow | China Daily | Updated: 2022-02-18 08:53`."""

    authors: tuple[Credit, ...] = ()
    source: str | None = None
    """The part that is neither authors nor time, e.g. `China Daily`."""
    updated: str | None = None
    """As printed: `YYYY-MM-DD HH:MM`, in the site's time zone unless it names another (`GMT`, `+08:00`, `Z`)."""

    @property
    def place(self) -> str | None:
        """The place of all authors, if there is exactly one."""
        places = {author.location for author in self.authors}
        return places.pop() if len(places) == 1 else None


def read_byline(text: str, organizations: frozenset[str], most: int = MOST_NAMES) -> Byline:
    """Read a byline; parts that are missing become None. Raises Rejected if it has more than `most` names."""
    authors: tuple[Credit, ...] = ()
    source = updated = None
    for part in filter(None, (part.strip() for part in text.split("|", most))):
        if time := _UPDATED.search(part):
            updated = time["printed"]
        elif by := _BY.match(part):
            authors = credits_in(part[by.end() :], organizations, most)
        else:
            source = part
    return Byline(authors=authors, source=source, updated=updated)


def read_time(printed: str, zone: ZoneInfo) -> datetime:
    """Return a printed time in a site's time zone; a printed zone takes precedence.

    Raises:
        ValueError: it has another format, does not exist, or is from before time zones: cities had offsets with
            seconds then, which neither ISO 8601 nor RFC 3339 can express.
        OverflowError: it does not exist in the site's zone.
    """
    moment = _time(printed, zone)
    if (moment.utcoffset() or timedelta(0)) % timedelta(minutes=1):
        raise ValueError(f"{printed!r} is from before time zones")
    return moment


def _time(printed: str, zone: ZoneInfo) -> datetime:
    found = _PRINTED.fullmatch(printed)
    if not found:
        raise ValueError(f"{printed!r} is no time")
    moment = datetime.fromisoformat(found["time"])
    if found["zero"]:
        return moment.replace(tzinfo=UTC).astimezone(zone)
    if not found["sign"]:
        return moment.replace(tzinfo=zone)
    offset = timedelta(hours=int(found["hours"]), minutes=int(found["minutes"] or 0))
    there = timezone(-offset if found["sign"] == "-" else offset)
    return moment.replace(tzinfo=there).astimezone(zone)
