"""Builds drafts: a page's document, its key, and the outcome of its article."""

from typing import TYPE_CHECKING

import attrs

from pressmark.archive.spool.batch import Draft
from pressmark.errors import Rejected
from pressmark.model import keys
from pressmark.model.article import VersionKey
from pressmark.model.document import Document
from pressmark.model.outcomes import Outcome
from pressmark.model.schema import REJECTION, WITHDRAWAL
from pressmark.text import cleaned

if TYPE_CHECKING:  # The archivist starts without Pydantic, which site files need.
    from pressmark.sites.site import Site


def version_draft(site: "Site", day: str, version: VersionKey, document: Document) -> Draft:
    """Return the draft of a version."""
    return Draft(
        article_id=version.article_id,
        key=keys.version(site.site, day, version),
        outcome=Outcome.PUBLISHED,
        taken=Outcome.UNCHANGED,
        document=document,
    )


def silent_edit_draft(version: Draft) -> Draft:
    """Return the draft of a silent edit: a known version with other content; it is stored beside the version."""
    content = version.document["pressmark"]["contentSha256"]
    return attrs.evolve(version, key=keys.silent_edit(version.key, content), outcome=Outcome.SILENT_EDIT)


def withdrawal_draft(site: "Site", day: str, url: str, last: str, status: int) -> Draft:
    """Return the tombstone of a withdrawn article; there is one per last version, however often it is requested."""
    article_id = last.partition("/")[0]
    return Draft(
        article_id=article_id,
        key=keys.withdrawal(f"{keys.articles(site.site, day)}{last}.json"),
        outcome=Outcome.WITHDRAWN,
        taken=Outcome.UNCHANGED,
        document={
            "identifier": article_id,
            "url": cleaned(url),
            "pressmark": {"schema": WITHDRAWAL, "withdrawn": last, "status": status},
        },
    )


def rejection_draft(site: "Site", day: str, article_id: str, url: str, error: Rejected) -> Draft:
    """Return the draft of a rejection: a page that can't become an article."""
    return Draft(
        article_id=article_id,
        key=keys.rejection(site.site, day, article_id, error.reason),
        outcome=Outcome.REJECTED,
        taken=Outcome.REJECTED,
        document={
            "identifier": article_id,
            "url": cleaned(url),
            "reason": error.reason,
            "message": cleaned(str(error)),
            "pressmark": {"schema": REJECTION},
        },
    )
