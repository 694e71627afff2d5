"""Compares an article with the stored documents: a better reading of the same page is no edit by its publisher."""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime

import attrs

from pressmark.archive.bucket import documents
from pressmark.archive.bucket.known_versions import Ledger
from pressmark.archive.s3.store import Store
from pressmark.crawl.state.revisits import Revisits
from pressmark.errors import FindingsFound
from pressmark.model import keys
from pressmark.model.article import VersionKey
from pressmark.model.document import Document, reader_of

logger = logging.getLogger(__name__)


@attrs.define
class KnownContent:
    """The content of one site's stored documents, as stored and as today's reader reads their captures."""

    store: Store
    site: str
    ledger: Ledger
    revisits: Revisits
    read_again: Callable[[str], Document | None] = lambda key: None
    """Reads the captures of a stored document by today's reader; None if they give no complete document."""

    def has(self, day: str, version: VersionKey, document: Document) -> bool:
        """Return whether a version has this content already.

        It has it if this reader read the same content at the last visit. It also has it if a stored document has the
        same content, or if today's reader reads that content from the document's captures. Call it in a thread: it
        reads from the bucket.

        Raises:
            FindingsFound: the version is known, no document has this content, and one can't be read or does not
                belong to its key: nothing can be concluded.
        """
        content, reader = document["pressmark"]["contentSha256"], reader_of(document)
        known = self.ledger.knows_version(day, version)
        if last := self.revisits.last_read(version.article_id, reader):
            if last == (str(version), content):
                if known:  # An article that was read may not have been published.
                    return True
            elif not known and last[1] != content:
                return False
            elif last[0] == str(version):  # It changed under this version: to earlier or to new content.
                return self._is_stored_edit(day, version, document)
        odd: list[FindingsFound] = []
        for key in self._stored_keys(day, version.article_id):
            try:
                if self._has_content(key, version, document):
                    return True
            except FindingsFound as error:
                logger.warning("can't compare the article with the stored document: %s", error)
                odd.append(error)
        if odd and known:  # A new version is published in any case.
            raise odd[0]
        return False

    def _is_stored_edit(self, day: str, version: VersionKey, document: Document) -> bool:
        """Return whether a version, or a silent edit of it that this reader read, has this content."""
        key = keys.version(self.site, day, version)
        edit = keys.silent_edit(key, document["pressmark"]["contentSha256"])
        return edit in self.store.keys(edit) or self._has_content(key, version, document)

    def _stored_keys(self, day: str, article_id: str) -> Iterator[str]:
        """Return the keys of an article's versions and silent edits, newest first."""
        versions = self.ledger.versions(day, article_id)
        yield from (f"{keys.articles(self.site, day)}{each}.json" for each in versions)
        if versions:
            yield from self.store.keys(keys.silent_edits(self.site, day, article_id))

    def _has_content(self, key: str, version: VersionKey, document: Document) -> bool:
        try:
            stored = documents.read(self.store, key)
            if reader_of(stored) != reader_of(document):
                stored = self.read_again(key) or stored
            block, now = stored["pressmark"], document["pressmark"]
            is_same_time = block["version"] == str(version) or _clock_time(stored) == _clock_time(document)
            return bool(is_same_time and block["contentSha256"] == now["contentSha256"])
        except (LookupError, TypeError, ValueError) as error:
            raise FindingsFound(f"{key} is not what a run published: {type(error).__name__}: {error}") from None


def _clock_time(document: Document) -> datetime:
    """Return the *Updated* time without its zone, which comes from the site file: the page prints none."""
    return datetime.fromisoformat(document["dateModified"]).replace(tzinfo=None)
