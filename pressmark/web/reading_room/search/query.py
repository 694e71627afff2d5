"""Queries to the catalogue: articles by day, section and words."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from sqlite3 import Row
from typing import Any

import attrs

from pressmark.text import LONGEST_IN_LISTS, short
from pressmark.web.reading_room.search import tokenize
from pressmark.web.reading_room.search.catalogue import Catalogue

PAGE = 20
"""Articles on a page."""
RANKED = 10_000
"""Matching versions at most that are ranked. With more, ranking is slow and useless, so the newest come first."""
SECONDS = 2.0
"""Time limit of a search."""
_EXCERPT = 28
"""Words of an excerpt."""
_MARKED = 20_000
"""Longest text, in characters, whose matches are marked. FTS5 takes the square of their number, in one step that can't
be interrupted."""
_NEWEST = "SELECT * FROM versions WHERE versions"


@attrs.frozen(kw_only=True)
class Article:
    """An article in a list: its newest version, or the one that matches."""

    site: str
    day: date
    article_id: str
    updated_at: datetime
    captured_at: datetime
    headline: Sequence[tuple[bool, str]]
    """Parts, each with whether it is a match."""
    standfirst: str
    section: str
    versions: int
    """Number of its versions."""
    newest: bool = True
    """Whether this is the newest one."""
    excerpt: Sequence[tuple[bool, str]] = ()
    """Excerpt of the text, in parts as the headline; only in searches."""


@attrs.frozen(kw_only=True)
class Results:
    """A page of a list."""

    articles: Sequence[Article]
    total: int
    page: int
    """From 1."""
    ranked: bool = False
    """Whether the best matches come first, not the newest."""
    remarks: Sequence[str] = ()
    """Parts of the query that were ignored or changed."""

    @property
    def pages(self) -> int:
        """Number of pages."""
        return -(-self.total // PAGE)


@attrs.frozen
class SiteSummary:
    """Numbers and days of a site in the catalogue."""

    site: str
    articles: int
    versions: int
    first: date
    last: date


@attrs.frozen(kw_only=True)
class Filters:
    """Filters of a list; empty ones filter nothing."""

    site: str = ""
    section: str = ""
    """Section in the articles' breadcrumb."""
    first: date | None = None
    """First day, as in the articles' URLs."""
    last: date | None = None

    def where(self) -> str:
        """Return the filters as SQL conditions on `versions`."""
        conditions = {
            "site = :site": self.site,
            "section = :section": self.section,
            "day >= :first": self.first,
            "day <= :last": self.last,
        }
        return "".join(f" AND versions.{condition}" for condition, value in conditions.items() if value)

    def values(self) -> dict[str, Any]:
        """Return the parameters of these conditions."""
        return {name: str(value) for name, value in attrs.asdict(self).items() if value}


@attrs.frozen
class Finder:
    """Queries a catalogue. Thread-safe."""

    catalogue: Catalogue

    def sites(self) -> list[SiteSummary]:
        """Return a summary of each site."""
        statement = (
            "SELECT site, sum(articles), sum(versions), min(day), max(day) FROM days WHERE articles GROUP BY site"
        )
        with self.catalogue.reading() as known:
            return [
                SiteSummary(site, articles, versions, date.fromisoformat(first), date.fromisoformat(last))
                for site, articles, versions, first, last in known.execute(statement)
            ]

    def sections(self, site: str) -> list[tuple[str, int]]:
        """Return the sections of a site's articles with their numbers of articles, the most common first."""
        statement = (
            "SELECT section, count(*) FROM versions WHERE versions AND site = ? AND section IS NOT NULL"
            " GROUP BY section ORDER BY count(*) DESC, section"
        )
        return self._counts(statement, site)

    def months(self, site: str) -> list[tuple[str, int]]:
        """Return the months (`YYYY-MM`) with articles, newest first, and their numbers."""
        statement = (
            "SELECT substr(day, 1, 7) AS month, sum(articles) FROM days WHERE articles AND site = ?"
            " GROUP BY month ORDER BY month DESC"
        )
        return self._counts(statement, site)

    def days(self, site: str, month: str) -> list[tuple[str, int]]:
        """Return the days (`YYYY-MM-DD`) of a month with articles, and their numbers."""
        statement = "SELECT day, articles FROM days WHERE articles AND site = ? AND day BETWEEN ? AND ? ORDER BY day"
        return self._counts(statement, site, f"{month}-01", f"{month}-31")

    def _counts(self, statement: str, *values: str) -> list[tuple[str, int]]:
        with self.catalogue.reading() as known:
            return [(name, count) for name, count in known.execute(statement, values)]

    def newest(self, filters: Filters, page: int = 1) -> Results:
        """Return articles, the last updated first."""
        values = filters.values()
        with self.catalogue.reading() as known:
            [total] = known.execute(f"SELECT count(*) FROM versions WHERE versions{filters.where()}", values).fetchone()
            rows = known.execute(
                f"{_NEWEST}{filters.where()} ORDER BY updated DESC, id LIMIT {PAGE} OFFSET :offset",
                {**values, "offset": PAGE * (page - 1)},
            ).fetchall()
        return Results(articles=[_article(row) for row in rows], total=total, page=page)

    def search(self, written: str, filters: Filters, page: int = 1) -> Results:
        """Return articles with a version that has all words of a query, each with its best version.

        The best come first, or the newest if the words match too many versions. A query without a word has no results.

        Raises:
            SearchTimeout: it took longer than `SECONDS`.
        """
        query = tokenize.query(written)
        if not query.match:
            return Results(articles=(), total=0, page=page)
        values = {**filters.values(), "match": query.match, "ranked": RANKED, "offset": PAGE * (page - 1)}
        with self.catalogue.reading(SECONDS) as known:
            [hits] = known.execute(_HITS, values).fetchone()
            statement = _BY_RANK if hits <= RANKED else _BY_TIME
            rows = known.execute(statement.format(where=filters.where()), values).fetchall()
            articles = [_hit(known.execute(_EXCERPTS, (row["id"], query.match)).fetchone()) for row in rows]
        return Results(
            articles=articles,
            total=rows[0]["total"] if rows else 0,
            page=page,
            ranked=hits <= RANKED,
            remarks=query.remarks,
        )


_HITS = "SELECT count(*) FROM (SELECT 1 FROM texts WHERE texts MATCH :match LIMIT :ranked + 1)"
_BY_RANK = (
    "SELECT versions.id, min(hits.rank) AS best, count(*) OVER () AS total"
    " FROM (SELECT rowid, rank FROM texts WHERE texts MATCH :match) AS hits"
    " JOIN versions ON versions.id = hits.rowid WHERE true{where}"
    f" GROUP BY site, article ORDER BY best, updated DESC LIMIT {PAGE} OFFSET :offset"
)
_BY_TIME = (
    "WITH hits AS MATERIALIZED (SELECT rowid FROM texts WHERE texts MATCH :match)"
    " SELECT id, (SELECT count(*) FROM versions WHERE versions AND id IN hits{where}) AS total"
    " FROM versions WHERE versions AND id IN hits{where}"
    f" ORDER BY updated DESC, id LIMIT {PAGE} OFFSET :offset"
)
_EXCERPTS = (
    f"SELECT versions.*, CASE WHEN length(texts.headline) <= {_MARKED}"
    f" THEN highlight(texts, 0, '{tokenize.OPENING}', '{tokenize.CLOSING}')"
    f" ELSE substr(texts.headline, 1, {_MARKED}) END AS marked,"
    f" CASE WHEN length(texts.body) <= {_MARKED}"
    f" THEN snippet(texts, 1, '{tokenize.OPENING}', '{tokenize.CLOSING}', '…', {_EXCERPT})"
    " ELSE substr(texts.body, 1, 200) || '…' END AS excerpt,"
    " (SELECT max(versions) FROM versions AS own WHERE own.site = versions.site AND own.day = versions.day"
    " AND own.article = versions.article) AS of_article"
    " FROM texts JOIN versions ON versions.id = texts.rowid WHERE texts.rowid = ? AND texts MATCH ?"
)


def _hit(row: Row) -> Article:
    return attrs.evolve(
        _article(row),
        headline=_short(tokenize.marked(row["marked"])),
        excerpt=tokenize.marked(row["excerpt"]),
        versions=row["of_article"],
        newest=row["versions"] > 0,
    )


def _short(runs: Iterable[tuple[bool, str]]) -> list[tuple[bool, str]]:
    """Return the first parts of a text, up to the length that lists show."""
    shown, left = list[tuple[bool, str]](), LONGEST_IN_LISTS
    for found, text in runs:
        if len(text) > left:
            return [*shown, (found, f"{text[:left]}…")]
        shown.append((found, text))
        left -= len(text)
    return shown


def _article(row: Row) -> Article:
    return Article(
        site=row["site"],
        day=date.fromisoformat(row["day"]),
        article_id=row["article"],
        updated_at=datetime.fromisoformat(row["updated"]).astimezone(UTC),
        captured_at=datetime.fromisoformat(row["captured"]).astimezone(UTC),
        headline=[(False, short(row["headline"]))],
        standfirst=short(row["standfirst"] or ""),
        section=row["section"] or "",
        versions=row["versions"],
    )
