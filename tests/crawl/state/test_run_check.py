"""When the result of a run that went through can be trusted."""

import pytest

from pressmark.crawl.state.run_check import run_errors
from pressmark.model.outcomes import Outcome, Outcomes
from pressmark.sites.scope import Scope, ScopeKind

NEWEST, BACKFILL = Scope(), Scope(kind=ScopeKind.BACKFILL, pages=2, first_page=3)


def told(scope: Scope, *fates: str | None, listing_pages: int = 1, beyond: bool = False) -> list[str]:
    """Return the names of the errors over articles of these fates: reasons of failures, `!` for rejections, or None."""
    outcomes = Outcomes()
    for number, fate in enumerate(fates):
        outcomes.see(str(number), f"https://news.example/{number}")
        if fate is None:
            outcomes.record_outcome(str(number), Outcome.PUBLISHED)
        else:
            outcome = Outcome.REJECTED if fate.startswith("!") else Outcome.FAILED
            outcomes.record_outcome(str(number), outcome, reason=fate.lstrip("!"))
    asked = {"where": "news/world", "listing_pages": listing_pages, "left": 0, "fewest": 5, "beyond": beyond}
    return [type(error).__name__ for error in run_errors(scope, outcomes, **asked)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fates", "newest", "backfill"),
    [
        ([None] * 9, [], []),
        ([None, *["timeout"] * 4], [], ["RunFailed"]),
        ([None, *["http-404"] * 4], [], []),
        (["http-404"] * 5, ["RunFailed"], []),
        (["http-403"] * 5, ["CrawlRefused", "RunFailed"], ["CrawlRefused", "RunFailed"]),
        ([None, "http-403"], [], []),
        (["!no-body"] * 5, ["LayoutChanged"], ["LayoutChanged"]),
        ([*["!no-body"] * 5, "http-410"], ["LayoutChanged"], ["LayoutChanged"]),
        ([None, *["!no-body"] * 5], [], []),
    ],
)
def test_what_could_not_be_had_is_asked_for_by_the_next_regular_run_and_by_no_next_backfill(
    fates: list[str | None], newest: list[str], backfill: list[str]
) -> None:
    assert told(NEWEST, *fates) == newest
    assert told(BACKFILL, *fates) == backfill


def test_a_section_may_end_before_the_pages_that_were_asked_for() -> None:
    assert told(BACKFILL, listing_pages=0, beyond=True) == []
    assert told(BACKFILL, listing_pages=0) == ["RunFailed"]
