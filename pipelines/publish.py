"""Publish: leave a version where it is published as soon as its captures are durable."""

from pipelines.step import Step
from pressmark.reading import Reading


class Publish(Step):
    """Stages the document behind its captures; the run's publisher does the rest, segment by segment."""

    def process_item(self, item: Reading) -> Reading:
        """Stage the reading's document."""
        assert item.document is not None
        self.run.stage(item.article.version, item.day, item.document, item.receipts)
        return item
