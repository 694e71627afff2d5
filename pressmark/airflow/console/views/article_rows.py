"""The articles of a run as table rows: the outcome of each, and the key of its document."""

from collections.abc import Iterable, Sequence

import attrs

from pressmark.archive.bucket.manifest_model import SeenArticle
from pressmark.model import keys
from pressmark.model.outcomes import Outcome
from pressmark.sites.site import Site
from pressmark.web.common.key_patterns import NotFound, site_of_document
from pressmark.web.common.repository import Repository

_KNOWN = frozenset(Outcome)
CHANGES = {Outcome.UPDATED, Outcome.SILENT_EDIT}


@attrs.frozen(kw_only=True)
class Row:
    """One article."""

    article_id: str
    url: str
    outcome: Outcome
    reason: str
    message: str
    key: str
    """Key of the document that the run stored for it, or empty."""
    headline: str = ""

    @property
    def changed(self) -> bool:
        """Whether a known article changed."""
        return self.outcome in CHANGES and bool(self.key)

    @property
    def live(self) -> str:
        """Its URL, if it is http or https."""
        return self.url if self.url.startswith(("https://", "http://")) else ""


def rows(articles: Iterable[SeenArticle], site: Site | None) -> list[Row]:
    """Return a row for each article of a manifest. Outcomes of later releases are left out.

    Without the site file, rows of rejections have no key.
    """
    return [_row(article, site) for article in articles if article.outcome in _KNOWN]


def with_headlines(repository: Repository, some: Sequence[Row]) -> list[Row]:
    """Return the rows, with headlines for those that have a version or silent edit."""
    wanted = [row.key for row in some if row.key.startswith((keys.ARTICLES, keys.SILENT_EDITS))]
    found = repository.documents(wanted)
    return [
        attrs.evolve(row, headline=str(found[row.key].data.get("headline", ""))) if row.key in found else row
        for row in some
    ]


def rejection_key(site: Site, url: str, article_id: str, reason: str) -> str:
    """Return the key of a rejection; empty if the URL is not an article of this site."""
    found = site.article_match(url)
    return keys.rejection(site.site, keys.day_of_url(found["day"]), article_id, reason) if found else ""


def _row(article: SeenArticle, site: Site | None) -> Row:
    row = Row(
        article_id=article.article_id,
        url=article.url,
        outcome=Outcome(article.outcome),
        reason=article.reason or "",
        message=article.message or "",
        key=article.key or "",
    )
    if row.outcome is Outcome.REJECTED and site:
        row = attrs.evolve(row, key=rejection_key(site, row.url, row.article_id, row.reason))
    try:
        if row.key:
            site_of_document(row.key)
    except NotFound:
        row = attrs.evolve(row, key="")
    return row
