"""Drop known version: what is published already is not published again."""

from scrapy.exceptions import DropItem

from pipelines.step import Step
from pressmark.outcomes import Outcome
from pressmark.reading import Reading


class DropKnownVersion(Step):
    """Drops a reading whose article id and *Updated* time are in the bucket, with what it says."""

    def process_item(self, item: Reading) -> Reading:
        """Let a new version pass, and a known one that was edited silently; count all else as unchanged."""
        assert item.document is not None
        version, content = item.article.version, item.document["pressmark"]["contentSha256"]
        known = self.run.known_content(item.day, version)
        self.run.watch.read(version, content)
        if known == content:
            self.run.settle(version.article_id, Outcome.UNCHANGED)
            raise DropItem(f"known version {version}")
        return item
