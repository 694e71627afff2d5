"""What the catalogue is asked: articles by day, section and words."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from sqlite3 import Row
from typing import Any

import attrs

from pressmark.text import LONGEST_IN_LISTS, short
from pressmark.web.reading_room.search import tokenize
from pressmark.web.reading_room.search.catalogue import Catalogue

PAGE = 20
"""Articles of a page."""
RANKED = 10_000
"""Versions; where more are found, the newest come first: to rank them takes too long, and tells nothing."""
SECONDS = 2.0
"""That a search may take."""
_EXCERPT = 28
"""Words."""
_MARKED = 20_000
"""Characters of a text in which what was found is marked: FTS5 takes the square of its places, in one step that nothing
can break off."""
_NEWEST = "SELECT * FROM versions WHERE versions"


@attrs.frozen(kw_only=True)
class Article:
    """An article as lists show it: its newest version, or the one that was found."""

    site: str
    day: date
    article_id: str
    updated_at: datetime
    captured_at: datetime
    headline: Sequence[tuple[bool, str]]
    """In runs, each with whether it was found."""
    standfirst: str
    section: str
    versions: int
    """How many it has."""
    newest: bool = True
    """Whether this is the newest of them."""
    excerpt: Sequence[tuple[bool, str]] = ()
    """Of the text, as the headline; only of a search."""


@attrs.frozen(kw_only=True)
class Results:
    """A page of a list."""

    articles: Sequence[Article]
    total: int
    page: int
    """From 1."""
    ranked: bool = False
    """Whether the best come first, and not the newest."""
    remarks: Sequence[str] = ()
    """What of a search was not looked for, or otherwise."""

    @property
    def pages(self) -> int:
        """How many there are."""
        return -(-self.total // PAGE)


@attrs.frozen
class SiteSummary:
    """What the catalogue has of a site."""

    site: str
    articles: int
    versions: int
    first: date
    last: date


@attrs.frozen(kw_only=True)
class Filters:
    """What a list is narrowed to; what is empty narrows nothing."""

    site: str = ""
    section: str = ""
    """As the articles' breadcrumb says it."""
    first: date | None = None
    """Day in the articles' URLs."""
    last: date | None = None

    def where(self) -> str:
        """Return it as conditions of SQL on `versions`."""
        conditions = {
            "site = :site": self.site,
            "section = :section": self.section,
            "day >= :first": self.first,
            "day <= :last": self.last,
        }
        return "".join(f" AND versions.{condition}" for condition, value in conditions.items() if value)

    def values(self) -> dict[str, Any]:
        """Return the values of these conditions."""
        return {name: str(value) for name, value in attrs.asdict(self).items() if value}


@attrs.frozen
class Finder:
    """Asks a catalogue. Safe to use from several threads."""

    catalogue: Catalogue

    def sites(self) -> list[SiteSummary]:
        """Return what there is, site by site."""
        asked = "SELECT site, sum(articles), sum(versions), min(day), max(day) FROM days WHERE articles GROUP BY site"
        with self.catalogue.reading() as known:
            return [
                SiteSummary(site, articles, versions, date.fromisoformat(first), date.fromisoformat(last))
                for site, articles, versions, first, last in known.execute(asked)
            ]

    def sections(self, site: str) -> list[tuple[str, int]]:
        """Return the breadcrumbs of a site's articles, each with how many bear it; the most common come first."""
        asked = (
            "SELECT section, count(*) FROM versions WHERE versions AND site = ? AND section IS NOT NULL"
            " GROUP BY section ORDER BY count(*) DESC, section"
        )
        return self._counts(asked, site)

    def months(self, site: str) -> list[tuple[str, int]]:
        """Return the months (`YYYY-MM`) that have articles, newest first, with how many."""
        asked = (
            "SELECT substr(day, 1, 7) AS month, sum(articles) FROM days WHERE articles AND site = ?"
            " GROUP BY month ORDER BY month DESC"
        )
        return self._counts(asked, site)

    def days(self, site: str, month: str) -> list[tuple[str, int]]:
        """Return the days (`YYYY-MM-DD`) of a month that have articles, with how many."""
        asked = "SELECT day, articles FROM days WHERE articles AND site = ? AND day BETWEEN ? AND ? ORDER BY day"
        return self._counts(asked, site, f"{month}-01", f"{month}-31")

    def _counts(self, asked: str, *values: str) -> list[tuple[str, int]]:
        with self.catalogue.reading() as known:
            return [(name, count) for name, count in known.execute(asked, values)]

    def newest(self, filters: Filters, page: int = 1) -> Results:
        """Return articles, those updated last first."""
        values = filters.values()
        with self.catalogue.reading() as known:
            [total] = known.execute(f"SELECT count(*) FROM versions WHERE versions{filters.where()}", values).fetchone()
            rows = known.execute(
                f"{_NEWEST}{filters.where()} ORDER BY updated DESC, id LIMIT {PAGE} OFFSET :offset",
                {**values, "offset": PAGE * (page - 1)},
            ).fetchall()
        return Results(articles=[_article(row) for row in rows], total=total, page=page)

    def search(self, asked: str, filters: Filters, page: int = 1) -> Results:
        """Return articles of which a version has all these words, each with the version that fits best.

        The best come first; of words that nearly every article has, the newest. Where `asked` has no word, nothing is
        found.

        Raises:
            SearchTimeout: it is not done in `SECONDS`.
        """
        query = tokenize.query(asked)
        if not query.match:
            return Results(articles=(), total=0, page=page)
        values = {**filters.values(), "match": query.match, "ranked": RANKED, "offset": PAGE * (page - 1)}
        with self.catalogue.reading(SECONDS) as known:
            [hits] = known.execute(_HITS, values).fetchone()
            asked_by = _BY_RANK if hits <= RANKED else _BY_TIME
            rows = known.execute(asked_by.format(where=filters.where()), values).fetchall()
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
    """Return the first runs of a text, up to where lists show it."""
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
