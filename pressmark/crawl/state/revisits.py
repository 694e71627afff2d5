"""The watch: which known articles a run visits again, and what it tells the next run about them."""

from collections.abc import Container, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import attrs

from pressmark.archive.bucket.visits import Visit, VisitedPage
from pressmark.model.article import VersionKey
from pressmark.model.keys import day_of_url
from pressmark.sites.revisit_policy import Recheck

FORGET = timedelta(days=30)
"""How long an old article is remembered that no listing shows any more."""


class Watch:
    """The articles that are watched, as one run sees them.

    Args:
        policy: how often an article is visited.
        visits: what the last run told, by article id.
        now: when this run began; all intervals are between begins of runs.
        everything: visit all, and unconditionally.
        aside: this run looks where regular runs don't; of what it first sees, the next needs what is young.
    """

    def __init__(
        self, policy: Recheck, visits: Mapping[str, Visit], now: datetime, *, everything: bool, aside: bool = False
    ) -> None:
        self._policy, self._visits, self._now = policy, dict(visits), now
        self._everything, self._aside = everything, aside
        self.not_due: set[str] = set()
        """Articles on this run's listings that it does not visit."""

    def due(self, article_id: str) -> bool:
        """Tell whether to visit an article that a listing shows."""
        visit = self._visits.get(article_id)
        if not visit:
            return True
        if visit.visited_at == self._now:
            return False
        self._visits[article_id] = attrs.evolve(visit, listed_at=self._now)
        if self._everything or self._due(visit, listed=True):
            return True
        self.not_due.add(article_id)
        return False

    def leave_alone(self, article_id: str) -> None:
        """Take note of an article that a listing shows and that this run is not to visit."""
        self.not_due.add(article_id)

    def overdue(self) -> list[Visit]:
        """Return the visits to repeat whether or not a listing shows their articles."""
        return [visit for visit in self._visits.values() if self._due(visit, listed=False)]

    def pages(self, article_id: str) -> tuple[VisitedPage, ...]:
        """Return the pages of an article to ask for on condition only; none if it is to be had anew."""
        visit = self._visits.get(article_id)
        return visit.pages if visit and not self._everything else ()

    def seen(
        self,
        article_id: str,
        url: str,
        printed_day: str,
        *,
        pages: tuple[VisitedPage, ...] = (),
        created_at: datetime | None = None,
    ) -> None:
        """Take note of an article that was had: read, or found unreadable or gone."""
        last = self._visits.get(article_id)
        created_at = created_at or (last.created_at if last else self._first_seen(printed_day))
        self._visits[article_id] = Visit(
            article_id=article_id,
            url=url,
            printed_day=printed_day,
            created_at=created_at,
            visited_at=self._now,
            listed_at=last.listed_at if last else created_at if self._aside else self._now,
            pages=pages,
            version=last.version if last else None,
            content_sha256=last.content_sha256 if last else None,
            reader=last.reader if last else None,
        )

    def unchanged(self, article_id: str) -> None:
        """Take note that its server says an article is the same."""
        self._visits[article_id] = attrs.evolve(self._visits[article_id], visited_at=self._now)

    def read(self, version: VersionKey, content_sha256: str, reader: str) -> None:
        """Take note of what a visited article says, and what read it."""
        visit = self._visits[version.article_id]
        self._visits[version.article_id] = attrs.evolve(
            visit, version=str(version), content_sha256=content_sha256, reader=reader
        )

    def last_read(self, article_id: str, reader: str) -> tuple[str, str] | None:
        """Return version and content that an article had when this reader last read it, if that was the last visit."""
        visit = self._visits.get(article_id)
        if visit and visit.reader == reader and visit.version and visit.content_sha256:
            return visit.version, visit.content_sha256
        return None

    def told(self, failed: Container[str] = ()) -> Iterator[Visit]:
        """Return what the next run needs, by article id.

        Args:
            failed: articles that were had and of which nothing came: a 304 must not stand for them.
        """
        for article_id in sorted(self._visits):
            visit = self._visits[article_id]
            if self._policy.watches(self._now - visit.created_at) or self._now - visit.listed_at < FORGET:
                yield attrs.evolve(visit, pages=()) if article_id in failed else visit

    def _first_seen(self, printed_day: str) -> datetime:
        """Return when an article that can't be read was created: now, or where old ones are looked for, on its day."""
        if self._aside:
            with suppress(ValueError):  # There may be no such day.
                return datetime.strptime(day_of_url(printed_day), "%Y/%m/%d").replace(tzinfo=UTC)
        return self._now

    def _due(self, visit: Visit, *, listed: bool) -> bool:
        return self._policy.due(self._now - visit.created_at, self._now - visit.visited_at, listed=listed)
