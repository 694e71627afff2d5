"""A response of Scrapy's as those who read pages take it."""

from scrapy.http import Response

from pressmark.archive.warc.http_head import header_text
from pressmark.spiders.content_decoding import CUT_SHORT
from pressmark.spiders.page_messages import FetchedPage


def fetched(response: Response) -> FetchedPage:
    """Return a response of Scrapy's as a page to be read."""
    headers = [(header_text(name), header_text(value)) for name, values in response.headers.items() for value in values]
    return FetchedPage(
        url=response.url,
        body=response.body,
        status=response.status,
        headers=headers,
        cut_short=CUT_SHORT in response.flags,
    )
