"""Checks of single fields of a site file: each returns its argument, or raises ValueError with the reason."""

import re
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import entry_points
from string import Formatter
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from croniter import croniter

from pressmark.sites.address_rule import AddressRule
from pressmark.sites.hosts import allowed_hosts, server_of

LAYOUTS = "pressmark.layouts"
"""The entry point group of layouts (`pressmark.extract.layouts`)."""
_CRON_WORDS = frozenset(["l", *re.findall("...", "montuewedthufrisatsunjanfebmaraprmayjunjulaugsepoctnovdec")])
"""Without R and H, for which croniter draws random times each time it reads the expression."""


def time_zone(name: str) -> str:
    """Check the name of a time zone."""
    try:
        ZoneInfo(name)
    except ZoneInfoNotFoundError:
        raise ValueError(f"no such IANA time zone: {name}") from None
    return name


def layout(name: str) -> str:
    """Check the name of a layout."""
    if name not in _layouts():
        raise ValueError(f"no layout {name!r}. Known: {', '.join(sorted(_layouts()))}")
    return name


def article_pattern(pattern: str) -> str:
    """Check a pattern of article URLs."""
    try:
        groups = re.compile(pattern).groupindex.keys()
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"the pattern is no regular expression: {error}") from None
    missing = {"id", "day", "page"} - groups
    if missing:
        raise ValueError(f"the pattern lacks the named groups {sorted(missing)}")
    return pattern


def schedule(expression: str) -> str:
    """Check a cron expression as croniter, and so Airflow, reads it."""
    words = set(re.findall(r"[a-z]+", expression.lower()))
    if not expression.startswith("@") and words - _CRON_WORDS:
        raise ValueError(f"no cron expression: {sorted(words - _CRON_WORDS)} name no day and no month")
    try:
        cron = croniter(expression, datetime.now(UTC))
        fields = len(cron.expanded)
        cron.get_next()
    except (ValueError, LookupError, ArithmeticError) as error:
        raise ValueError(f"no cron expression: {error}") from None
    if fields != 5:
        raise ValueError(f"a cron expression has five fields (or is @hourly, @daily, ...), not {fields}")
    return expression


def section_name(name: str) -> str:
    """Check the name of a section."""
    if any(part.isdecimal() for part in name.split("/")):
        raise ValueError("a part of it is a number, like the years below it in the bucket")
    return name


def listing_page(template: str) -> str:
    """Check a template of listing URLs."""
    parts = [part for part in Formatter().parse(template) if part[1] is not None]
    if any(form or conversion for _, _, form, conversion in parts):
        raise ValueError("{path} and {number} must have no format")
    names = {name or "" for _, name, _, _ in parts}
    if "number" not in names:
        raise ValueError("the address lacks {number}")
    if unknown := names - {"path", "number"}:
        raise ValueError(f"only {{path}} and {{number}} are known in the address, not {sorted(unknown)}")
    if not template.format(path="/path", number=2).startswith("/"):
        raise ValueError("the address must begin with {path} or /")
    return template


def origin(url: str) -> str:
    """Check an origin."""
    server_of(url)
    return url


def hosts(entries: tuple[str, ...]) -> tuple[str, ...]:
    """Check a list of hosts."""
    allowed_hosts(entries)
    return entries


def networks(entries: tuple[str, ...]) -> tuple[str, ...]:
    """Check a list of networks."""
    AddressRule.of(entries)
    return entries


@cache
def _layouts() -> frozenset[str]:
    return frozenset(entry_points(group=LAYOUTS).names)
