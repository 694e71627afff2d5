"""The backfill spider: reads any span of listing pages, and their unknown articles."""

from collections.abc import AsyncIterator

from scrapy import Request

from pressmark.extract.listing import Entry, Listing
from pressmark.spiders.section import SectionSpider


class BackfillSpider(SectionSpider):
    """Reads all its listing pages; a second run fetches these again, and the articles that the first one missed."""

    name = "backfill"

    async def start(self) -> AsyncIterator[Request]:
        """Start with the first page of the span; failed articles of the last run are left to regular runs."""
        yield self.listing_request(self.run.scope.first_page)

    def select(self, listing: Listing) -> list[Entry]:
        """Skip known articles, including rejected ones, and those of other days."""
        wanted = []
        for entry in listing.entries:
            known = self.ledger.knows_article(entry.day, entry.article_id) and not self.run.scope.recheck
            if known or not self.run.scope.wants(entry.day):
                self.revisits.skip(entry.article_id)
            else:
                wanted.append(entry)
        return wanted

    def should_continue(self, listing: Listing, number: int) -> bool:
        """Read up to the last page of the span."""
        return number < self.run.scope.last_page
