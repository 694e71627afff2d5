"""The check of a finished run: whether its result can be trusted."""

from collections import Counter
from collections.abc import Iterator

from pressmark.errors import CrawlRefused, LayoutChanged, PressmarkError, RunFailed
from pressmark.model.outcomes import GONE, Outcome, Outcomes
from pressmark.sites.scope import Scope, ScopeKind

REFUSED = {"http-401", "http-403", "robots"}
"""Reasons of articles that the site refused to serve."""


def run_errors(
    scope: Scope, outcomes: Outcomes, *, where: str, listing_pages: int, left: int, fewest: int, beyond: bool = False
) -> Iterator[PressmarkError]:
    """Return why the result can't be trusted, most serious first; nothing if it can.

    Args:
        scope: of the run.
        outcomes: of all articles, closed.
        where: `site/section`, for the messages.
        listing_pages: number of pages that were read.
        left: number of articles that were seen and never requested.
        fewest: the whole run fails only with this number of unreadable articles, or more.
        beyond: whether the section ends before the requested listing pages.
    """
    if scope.kind is ScopeKind.ARTICLE:
        yield from _article_errors(scope, outcomes)
        return
    if not listing_pages and not beyond:
        yield RunFailed(f"no listing page of {where} was read")
    if left:
        yield RunFailed(f"{left} articles of {where} were seen and never read")
    counts, failed = outcomes.counts(), outcomes.reasons(Outcome.FAILED)
    gone = 0
    if scope.kind is ScopeKind.BACKFILL:  # Old pages have dead links, and known articles are skipped.
        gone = sum(count for reason, count in failed.items() if reason in GONE)
        failed = Counter({reason: count for reason, count in failed.items() if reason not in GONE})
    bad = counts[Outcome.REJECTED] + failed.total()
    reasons = failed + outcomes.reasons(Outcome.REJECTED)
    if counts["seen"] - gone == bad and bad >= fewest:
        message = f"not one of {bad} articles of {where} could be read: " + ", ".join(
            f"{count} {reason}" for reason, count in reasons.most_common()
        )
        if reasons.keys() <= REFUSED:
            yield CrawlRefused(message)
        yield LayoutChanged(message) if counts[Outcome.REJECTED] else RunFailed(message)
    elif scope.kind is ScopeKind.BACKFILL and failed.keys() - REFUSED:  # Regular runs retry by themselves.
        failures = ", ".join(f"{count} {reason}" for reason, count in failed.most_common())
        yield RunFailed(
            f"{failed.total()} articles of {where} could not be fetched: {failures}. Run again: it retries them."
        )


def _article_errors(scope: Scope, outcomes: Outcomes) -> Iterator[PressmarkError]:
    """Return why the one requested article has no version."""
    articles = list(outcomes)
    if not articles:
        yield RunFailed(f"{scope.article} was never requested")
    for article in articles:
        reason = article.get("reason")
        details = f"({reason}): {article.get('message', 'the run ended early')}"
        if article["outcome"] == Outcome.REJECTED:
            yield RunFailed(f"{article['url']} was rejected {details}")
        elif article["outcome"] == Outcome.FAILED:
            error = CrawlRefused if reason in REFUSED else RunFailed
            yield error(f"{article['url']} could not be fetched {details}")
