"""Deduplicate: nothing is published twice."""

import asyncio
from typing import Self

from scrapy.exceptions import DropItem

from pressmark.crawl.state.known_content import KnownContent
from pressmark.crawl.state.parts import CrawlParts
from pressmark.crawl.state.revisits import Revisits
from pressmark.errors import FindingsFound
from pressmark.model.document import reader_of
from pressmark.model.item import Reading
from pressmark.model.outcomes import Outcome, Outcomes
from pressmark.pipelines.base import BasePipeline


class DeduplicatePipeline(BasePipeline):
    """Drops a reading whose article id, *Updated* time and content are in the bucket."""

    def __init__(self, known_content: KnownContent, revisits: Revisits, outcomes: Outcomes) -> None:
        self._known_content, self._revisits, self._outcomes = known_content, revisits, outcomes

    @classmethod
    def from_parts(cls, parts: CrawlParts) -> Self:
        """Take the known content, the watch and the outcomes."""
        return cls(parts.known_content, parts.revisits, parts.outcomes)

    async def process_item(self, item: Reading) -> Reading:
        """Return new versions and silent edits; drop others as unchanged.

        If a stored document can't be read, the article has failed, and the next run fetches it again.
        """
        assert item.document is not None
        version, document = item.article.version, item.document
        try:
            known = await asyncio.to_thread(self._known_content.has, item.day, version, document)
        except FindingsFound as error:
            self._outcomes.record_outcome(
                version.article_id, Outcome.FAILED, reason="unreadable-version", message=str(error)
            )
            raise DropItem(f"{version} can't be compared with the stored documents") from None
        self._revisits.record_version(version, document["pressmark"]["contentSha256"], reader_of(document))
        if known:
            self._outcomes.record_outcome(version.article_id, Outcome.UNCHANGED)
            raise DropItem(f"known version {version}")
        return item
