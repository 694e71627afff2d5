"""When the result of a finished run can be trusted."""

import pytest

from pressmark.crawl.state.run_check import run_errors
from pressmark.model.outcomes import Outcome, Outcomes
from pressmark.sites.scope import Scope, ScopeKind

NEWEST, BACKFILL = Scope(), Scope(kind=ScopeKind.BACKFILL, pages=2, first_page=3)


def error_names(scope: Scope, *results: str | None, listing_pages: int = 1, beyond: bool = False) -> list[str]:
    """Return the names of the errors for these results: reasons of failures, with `!` of rejections, or None."""
    outcomes = Outcomes()
    for number, result in enumerate(results):
        outcomes.see(str(number), f"https://news.example/{number}")
        if result is None:
            outcomes.record_outcome(str(number), Outcome.PUBLISHED)
        else:
            outcome = Outcome.REJECTED if result.startswith("!") else Outcome.FAILED
            outcomes.record_outcome(str(number), outcome, reason=result.lstrip("!"))
    asked = {"where": "news/world", "listing_pages": listing_pages, "left": 0, "fewest": 5, "beyond": beyond}
    return [type(error).__name__ for error in run_errors(scope, outcomes, **asked)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("results", "newest", "backfill"),
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
def test_errors_by_kind_of_run(results: list[str | None], newest: list[str], backfill: list[str]) -> None:
    assert error_names(NEWEST, *results) == newest
    assert error_names(BACKFILL, *results) == backfill


def test_a_section_may_end_before_the_requested_pages() -> None:
    assert error_names(BACKFILL, listing_pages=0, beyond=True) == []
    assert error_names(BACKFILL, listing_pages=0) == ["RunFailed"]
