"""Drop known version: what is published already is not published again."""

from scrapy.exceptions import DropItem

from pipelines.step import Step
from pressmark.outcomes import Outcome
from pressmark.reading import Reading


class DropKnownVersion(Step):
    """Drops a reading whose article id and *Updated* time are in the bucket."""

    def process_item(self, item: Reading) -> Reading:
        """Let a new version pass; count a known one as unchanged."""
        version = item.article.version
        if self.run.ledger.knows_version(item.day, version):
            self.run.settle(version.article_id, Outcome.UNCHANGED)
            raise DropItem(f"known version {version}")
        return item
