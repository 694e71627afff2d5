"""The outcome of each article that a run saw: one per article, and the counts add up."""

from collections import Counter
from collections.abc import Callable, Iterator
from enum import StrEnum
from threading import RLock
from typing import Any

import attrs


class Outcome(StrEnum):
    """What can happen to an article in a run."""

    PUBLISHED = "published"
    """Its first version."""
    UPDATED = "updated"
    """A further version."""
    NOT_MODIFIED = "not_modified"
    """A 304: the server says that it did not change."""
    UNCHANGED = "unchanged"
    """The same version, with the same content."""
    SILENT_EDIT = "silent_edit"
    """The same version, with other content."""
    WITHDRAWN = "withdrawn"
    """A 404 or 410 for a known article."""
    REJECTED = "rejected"
    FAILED = "failed"


GONE = {"http-404", "http-410", "moved"}
"""Failure reasons that another try would only repeat."""


@attrs.define(kw_only=True)
class ArticleOutcome:
    """One article and its outcome."""

    article_id: str
    url: str
    outcome: Outcome | None = None
    """None while it is under way."""
    reason: str | None = None
    """Why it was rejected or failed: a short name for counting."""
    message: str | None = None
    """The details for people."""
    key: str | None = None
    """Key of the published document; of an unchanged article, the document that was there before."""


INTERRUPTED, UNFINISHED = "interrupted", "unfinished"
"""Reasons that say nothing about the article: the run ended first."""


@attrs.frozen
class Outcomes:
    """All articles of a run; each is counted once, however often it is listed.

    Thread-safe: the crawl and the publisher record outcomes at the same time.
    """

    _articles: dict[str, ArticleOutcome] = attrs.field(factory=dict)
    _captured: set[str] = attrs.field(factory=set)
    _lock: RLock = attrs.field(factory=RLock, eq=False, repr=False)
    _on_change: Callable[[], None] = attrs.field(default=lambda: None, kw_only=True, eq=False, repr=False)
    """Called after an article was seen or got an outcome."""

    def see(self, article_id: str, url: str) -> bool:
        """Add an article; return False if it was seen before."""
        with self._lock:
            is_new = article_id not in self._articles
            if is_new:
                self._articles[article_id] = ArticleOutcome(article_id=article_id, url=url)
        self._on_change()
        return is_new

    def capture(self, article_id: str) -> None:
        """Record that an article's page was captured and has to be read."""
        with self._lock:
            self._captured.add(article_id)

    def disown(self, article_id: str) -> None:
        """Record that the captured page belongs to another article."""
        with self._lock:
            self._captured.discard(article_id)

    def record_outcome(
        self,
        article_id: str,
        outcome: Outcome,
        *,
        reason: str | None = None,
        message: str | None = None,
        key: str | None = None,
    ) -> None:
        """Record the outcome of an article; a later call replaces an earlier one."""
        with self._lock:
            article = self._articles[article_id]
            article.outcome, article.reason, article.message, article.key = outcome, reason, message, key
        self._on_change()

    def close(self, reason: str) -> int:
        """Mark all articles without an outcome as failed, for this reason; return their number."""
        with self._lock:
            left = [article for article in self._articles.values() if article.outcome is None]
            for article in left:
                article.outcome, article.reason = Outcome.FAILED, reason
        return len(left)

    def unread(self) -> set[str]:
        """Return the articles that were captured but not read before the run ended; call it before `close`."""
        with self._lock:
            articles = [self._articles[each] for each in self._captured]
            return {
                article.article_id for article in articles if article.outcome is None or article.reason == INTERRUPTED
            }

    def reasons(self, outcome: Outcome) -> Counter[str | None]:
        """Count the reasons of an outcome."""
        with self._lock:
            return Counter(article.reason for article in self._articles.values() if article.outcome is outcome)

    def of(self, outcome: Outcome) -> set[str]:
        """Return the articles with an outcome."""
        with self._lock:
            return {article.article_id for article in self._articles.values() if article.outcome is outcome}

    def counts(self) -> dict[str, int]:
        """Return `seen` and the number of each outcome; those add up to `seen` once the run is closed."""
        with self._lock:
            counter = Counter(article.outcome for article in self._articles.values())
            seen = len(self._articles)
        return {"seen": seen} | {outcome.value: counter[outcome] for outcome in Outcome}

    def __iter__(self) -> Iterator[dict[str, Any]]:
        with self._lock:
            articles = list(self._articles.values())
        for article in articles:
            yield attrs.asdict(article, filter=lambda _, value: value is not None)
