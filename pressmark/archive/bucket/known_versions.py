"""The ledger: known versions, read from the bucket itself, one article day at a time."""

import re
from collections.abc import Iterable

import attrs

from pressmark.archive.s3.store import Store
from pressmark.model import keys
from pressmark.model.article import VersionKey


@attrs.frozen
class Ledger:
    """Knows the versions of some days: two listings per day, however large the archive is."""

    store: Store
    site: str
    _days: dict[str, frozenset[str]] = attrs.field(factory=dict)

    def learn(self, days: Iterable[str]) -> None:
        """List the documents of these days (`YYYY/MM/DD`); each day is listed once per run."""
        for day in set(days) - self._days.keys():
            prefixes = (keys.articles(self.site, day), keys.rejections(self.site, day))
            self._days[day] = frozenset(
                key.removeprefix(prefix).removesuffix(".json") for prefix in prefixes for key in self.store.keys(prefix)
            )

    def knows_article(self, day: str, article_id: str) -> bool:
        """Return whether any version of the article was published or rejected."""
        self.learn([day])
        return any(known.startswith(f"{article_id}/") for known in self._days[day])

    def knows_version(self, day: str, version: VersionKey) -> bool:
        """Return whether this version is published."""
        self.learn([day])
        return str(version) in self._days[day]

    def versions(self, day: str, article_id: str) -> list[str]:
        """Return the published versions of an article, e.g. `WS.../20220218T005300Z`, newest first."""
        self.learn([day])
        pattern = re.compile(f"{re.escape(article_id)}/\\d+T\\d+Z")
        return sorted(filter(pattern.fullmatch, self._days[day]), reverse=True)

    def last_version(self, day: str, article_id: str) -> str | None:
        """Return the newest published version of an article."""
        return next(iter(self.versions(day, article_id)), None)

    def knows_rejection(self, day: str, article_id: str, reason: str) -> bool:
        """Return whether the article was rejected for this reason before."""
        self.learn([day])
        return f"{article_id}/{reason}" in self._days[day]
