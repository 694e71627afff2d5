"""Stage: hand a version to the archivist, which publishes it after its captures."""

import logging
from datetime import UTC, datetime, timedelta
from typing import Self

from pressmark.crawl.state.parts import CrawlParts
from pressmark.crawl.state.staging import DocumentStager
from pressmark.model.article import Article
from pressmark.model.item import Reading
from pressmark.pipelines.base import BasePipeline

SLACK = timedelta(days=1)
"""How far an *Updated* time may be off without a warning: time zones and clocks of sites are often wrong."""

logger = logging.getLogger("pressmark.publish")


class StagePipeline(BasePipeline):
    """Stages the document of a reading."""

    def __init__(self, stager: DocumentStager) -> None:
        self._stager = stager

    @classmethod
    def from_parts(cls, parts: CrawlParts) -> Self:
        """Take the stager."""
        return cls(parts.stager)

    def process_item(self, item: Reading) -> Reading:
        """Stage the reading's document."""
        assert item.document is not None
        if _has_implausible_time(item.article):
            logger.warning(
                "published as printed: %s was created at %s and updated at %s",
                item.article.url,
                item.article.published_at,
                item.article.updated_at,
            )
        self._stager.stage(item.article.version, item.day, item.document, item.receipts)
        return item


def _has_implausible_time(article: Article) -> bool:
    return not article.published_at - SLACK <= article.updated_at <= datetime.now(UTC) + SLACK
