"""Revisits: which known articles a run visits again, and what it stores about them for the next run."""

from collections.abc import Container, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import attrs

from pressmark.archive.bucket.visits import Visit, VisitedPage
from pressmark.model.article import VersionKey
from pressmark.model.keys import day_of_url
from pressmark.sites.revisit_policy import Recheck

FORGET = timedelta(days=30)
"""How long an old article is remembered after it has left all listings."""


class Revisits:
    """The visits of a site's articles, as one run sees and updates them.

    Args:
        policy: how often an article is visited.
        visits: as the last run stored them, by article id.
        now: when this run started; all intervals are between the starts of runs.
        unconditional: visit all articles, without conditional requests.
        irregular: this run reads pages that regular runs don't; of its new articles, only young ones are stored for the
            next run.
    """

    def __init__(
        self,
        policy: Recheck,
        visits: Mapping[str, Visit],
        now: datetime,
        *,
        unconditional: bool,
        irregular: bool = False,
    ) -> None:
        self._policy, self._visits, self._now = policy, dict(visits), now
        self._unconditional, self._irregular = unconditional, irregular
        self.not_due: set[str] = set()
        """Articles on this run's listings that it does not visit."""

    def due(self, article_id: str) -> bool:
        """Return whether to visit an article on a listing page."""
        visit = self._visits.get(article_id)
        if not visit:
            return True
        if visit.visited_at == self._now:
            return False
        self._visits[article_id] = attrs.evolve(visit, listed_at=self._now)
        if self._unconditional or self._due(visit, listed=True):
            return True
        self.not_due.add(article_id)
        return False

    def skip(self, article_id: str) -> None:
        """Record an article on a listing page that this run does not visit."""
        self.not_due.add(article_id)

    def overdue(self) -> list[Visit]:
        """Return the visits that are due even if no listing page has their articles."""
        return [visit for visit in self._visits.values() if self._due(visit, listed=False)]

    def pages(self, article_id: str) -> tuple[VisitedPage, ...]:
        """Return the pages of an article to fetch with conditional requests; empty for a full fetch."""
        visit = self._visits.get(article_id)
        return visit.pages if visit and not self._unconditional else ()

    def record_visit(
        self,
        article_id: str,
        url: str,
        printed_day: str,
        *,
        pages: tuple[VisitedPage, ...] = (),
        created_at: datetime | None = None,
    ) -> None:
        """Record the visit of an article that was fetched: read, unreadable or gone."""
        last = self._visits.get(article_id)
        created_at = created_at or (last.created_at if last else self._first_seen(printed_day))
        self._visits[article_id] = Visit(
            article_id=article_id,
            url=url,
            printed_day=printed_day,
            created_at=created_at,
            visited_at=self._now,
            listed_at=last.listed_at if last else created_at if self._irregular else self._now,
            pages=pages,
            version=last.version if last else None,
            content_sha256=last.content_sha256 if last else None,
            reader=last.reader if last else None,
        )

    def record_unchanged(self, article_id: str) -> None:
        """Record a visit that was answered with 304."""
        self._visits[article_id] = attrs.evolve(self._visits[article_id], visited_at=self._now)

    def record_version(self, version: VersionKey, content_sha256: str, reader: str) -> None:
        """Record the version and content of a visited article, and the reader that read them."""
        visit = self._visits[version.article_id]
        self._visits[version.article_id] = attrs.evolve(
            visit, version=str(version), content_sha256=content_sha256, reader=reader
        )

    def last_read(self, article_id: str, reader: str) -> tuple[str, str] | None:
        """Return version and content of an article at its last visit, if this reader read it then."""
        visit = self._visits.get(article_id)
        if visit and visit.reader == reader and visit.version and visit.content_sha256:
            return visit.version, visit.content_sha256
        return None

    def for_next_run(self, failed: Container[str] = ()) -> Iterator[Visit]:
        """Return the visits that the next run needs, sorted by article id.

        Args:
            failed: articles that were fetched without a result: the next run fetches them without conditions.
        """
        for article_id in sorted(self._visits):
            visit = self._visits[article_id]
            if self._policy.watches(self._now - visit.created_at) or self._now - visit.listed_at < FORGET:
                yield attrs.evolve(visit, pages=()) if article_id in failed else visit

    def _first_seen(self, printed_day: str) -> datetime:
        """Return when an unreadable article was created: now, or on its printed day in a run for old articles."""
        if self._irregular:
            with suppress(ValueError):  # The day may not exist.
                return datetime.strptime(day_of_url(printed_day), "%Y/%m/%d").replace(tzinfo=UTC)
        return self._now

    def _due(self, visit: Visit, *, listed: bool) -> bool:
        return self._policy.due(self._now - visit.created_at, self._now - visit.visited_at, listed=listed)
