"""The scope that a command's options describe."""

import re
from datetime import date
from typing import Any

from pressmark.errors import UsageError
from pressmark.sites.scope import Scope, ScopeKind
from pressmark.sites.site import Section

KINDS = {"backfill": ScopeKind.BACKFILL, "find_pages": ScopeKind.SEARCH, "article": ScopeKind.ARTICLE}
"""Kind of run by option; without any of them it is a regular run."""
ONLY_WITH = {
    "pages": {ScopeKind.NEWEST},
    "recheck": {ScopeKind.NEWEST, ScopeKind.BACKFILL},
    "since": {ScopeKind.BACKFILL, ScopeKind.SEARCH},
    "until": {ScopeKind.BACKFILL, ScopeKind.SEARCH},
}
"""Options that are valid for some kinds of runs only."""


def scope_from(
    section: Section,
    *,
    pages: int | None,
    recheck: bool,
    backfill: str | None,
    find_pages: bool,
    since: str | None,
    until: str | None,
    article: str | None,
    rate: int | None,
) -> Scope:
    """Return the scope for a command's options.

    Raises:
        UsageError: two options conflict, or one is invalid.
    """
    given = {
        name
        for name, value in {
            "pages": pages,
            "recheck": recheck,
            "backfill": backfill,
            "find_pages": find_pages,
            "since": since,
            "until": until,
            "article": article,
        }.items()
        if value not in {None, False}
    }
    kind = _kind(given)
    first, last = _span(backfill) if backfill is not None else (1, pages or section.pages)
    facts: dict[str, Any] = {"pages": last - first + 1} if kind in {ScopeKind.NEWEST, ScopeKind.BACKFILL} else {}
    return Scope(
        kind=kind,
        first_page=first,
        since=_day("--since", since),
        until=_day("--until", until),
        article=article,
        recheck=recheck,
        requests_per_minute=rate,
        **facts,
    )


def _kind(given: set[str]) -> ScopeKind:
    kinds_given = [name for name in KINDS if name in given]
    if len(kinds_given) > 1:
        raise UsageError(f"{' and '.join(map(_option, kinds_given))} are different runs: give one of them")
    kind = KINDS[kinds_given[0]] if kinds_given else ScopeKind.NEWEST
    for name, kinds in ONLY_WITH.items():
        if name in given and kind not in kinds:
            fitting = " or ".join(_option(each) for each, of in KINDS.items() if of in kinds)
            where = (
                f"it belongs to {fitting}" if ScopeKind.NEWEST not in kinds else f"not with {_option(kinds_given[0])}"
            )
            raise UsageError(f"{_option(name)} has no effect here: {where}")
    return kind


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _span(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,6})-(\d{1,6})", text)
    first, last = map(int, match.groups()) if match else (0, 0)
    if not 1 <= first <= last:
        raise UsageError(f"--backfill {text}: give the first listing page and the last, e.g. --backfill 3-8")
    return first, last


def _day(option: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option} {text}: give a day as YYYY-MM-DD, e.g. 2022-02-18") from None
