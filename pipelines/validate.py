"""Validate: nothing leaves that the public schema does not promise."""

import attrs
from scrapy.exceptions import DropItem

from pressmark.errors import Rejected
from pressmark.model.document import draft, validate
from pressmark.model.item import Reading
from pressmark.pipelines.base import BasePipeline


class ValidatePipeline(BasePipeline):
    """Makes the document of a reading and holds it against `schemas/article-1.json`."""

    def process_item(self, item: Reading) -> Reading:
        """Return the reading with its document, or reject it with the reason."""
        document = draft(item.article)
        try:
            validate(document)
        except Rejected as error:
            self.run.reject(item.article.article_id, item.day, item.article.url, error, item.receipts)
            raise DropItem(str(error)) from error
        return attrs.evolve(item, document=document)
