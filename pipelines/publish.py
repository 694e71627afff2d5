"""Publish: leave a version where it is published as soon as its captures are durable."""

from pipelines.step import Step
from pressmark.archive import keys
from pressmark.reading import Reading


class Publish(Step):
    """Stages the document behind its captures; the run's publisher does the rest, segment by segment."""

    def process_item(self, item: Reading) -> Reading:
        """Stage the reading's document."""
        assert item.document is not None
        article = item.article
        key = keys.version(self.run.site.site, item.day, article.version)
        self.run.stage(article.article_id, key, item.document, item.receipts)
        return item
