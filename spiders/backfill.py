"""The backfill spider: a span of listing pages, wherever they lie, and the articles on them that are not known."""

from collections.abc import AsyncIterator

from scrapy import Request

from pressmark.extract.listing import Entry, Listing
from pressmark.spiders.section import SectionSpider


class BackfillSpider(SectionSpider):
    """Goes through its pages to the last, so a second one asks for the listings and for what the first left out."""

    name = "backfill"

    async def start(self) -> AsyncIterator[Request]:
        """Begin with the first page of the span; what the last run could not have is not this one's business."""
        yield self.listing_request(self.run.scope.first_page)

    def wanted(self, listing: Listing) -> list[Entry]:
        """Leave alone what is known, rejected pages included, and what is of other days."""
        wanted = []
        for entry in listing.entries:
            known = self.ledger.knows_article(entry.day, entry.article_id) and not self.run.scope.recheck
            if known or not self.run.scope.wants(entry.day):
                self.watch.leave_alone(entry.article_id)
            else:
                wanted.append(entry)
        return wanted

    def goes_on(self, listing: Listing, number: int) -> bool:
        """To the last page, or the section's."""
        return number < self.run.scope.last_page
