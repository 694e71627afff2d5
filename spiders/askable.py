"""Which addresses are asked for: URIs without fragments, none longer than all that stores it can hold."""

from scrapy import Request

from pressmark.sites.site import LONGEST_URL
from pressmark.spiders.addresses import as_uri
from pressmark.spiders.refused import Refused


class Askable:
    """A downloader middleware: it sees every request, those of redirects included."""

    def process_request(self, request: Request) -> Request | None:
        """Let a request pass, without its fragment, which is the reader's own business (RFC 9110, 4.2.4).

        Raises:
            Refused: its address is too long, or none; the errback hears of it.
        """
        if len(request.url) > LONGEST_URL:
            raise Refused("url-too-long", f"{request.url[:100]}... has more than {LONGEST_URL:,} characters")
        uri = as_uri(request.url)
        if uri is None:
            raise Refused("no-url", f"{request.url} is no URI")
        return request.replace(url=uri) if uri != request.url else None
