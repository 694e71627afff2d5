"""Validate: documents have to match the public schema."""

from typing import Self

import attrs
from scrapy.exceptions import DropItem

from pressmark.crawl.state.parts import CrawlParts
from pressmark.crawl.state.staging import DocumentStager
from pressmark.errors import Rejected
from pressmark.model.document import draft, validate
from pressmark.model.item import Reading
from pressmark.pipelines.base import BasePipeline


class ValidatePipeline(BasePipeline):
    """Builds the document of a reading and validates it by `schemas/article-1.json`."""

    def __init__(self, stager: DocumentStager) -> None:
        self._stager = stager

    @classmethod
    def from_parts(cls, parts: CrawlParts) -> Self:
        """Take the stager."""
        return cls(parts.stager)

    def process_item(self, item: Reading) -> Reading:
        """Return the reading with its document, or reject it with the reason."""
        document = draft(item.article)
        try:
            validate(document)
        except Rejected as error:
            self._stager.reject(item.article.article_id, item.day, item.article.url, error, item.receipts)
            raise DropItem(str(error)) from error
        return attrs.evolve(item, document=document)
