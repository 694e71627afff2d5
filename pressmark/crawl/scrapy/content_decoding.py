"""Decodes downloads up to a size limit, with the same decoder as recovery and `rederive`."""

import hashlib
from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.responsetypes import responsetypes

from pressmark.archive.warc.content import LONGEST, NO_END, ContentError, CutShort, decoded, has_no_end, unreadable
from pressmark.archive.warc.http_head import header_text
from pressmark.crawl.scrapy.download_errors import UnreadableContent
from pressmark.crawl.scrapy.recording_handler import ONLY_READ
from pressmark.extract.page_messages import FetchedPage
from pressmark.sites.site import Site

CONTENT_LIMIT = "content_limit"
"""Key in a request's meta: the most bytes of decoded content."""
CUT_SHORT = "cut-short"
"""Flag of a response whose body is cut short each time, or may be, and is read as it is."""
_CUT = "cut_short_sha1"
_OPEN = "partial"
"""Scrapy's flag of a response with neither a length nor chunks."""
_COMPARED = 64
"""Bytes compared at the end of a page that may be complete: in a complete page they don't change."""
_ALL_DOWNLOADS = 256 << 20
"""The most bytes of all concurrent downloads, as sent over the wire."""
_ALWAYS_RECEIVED = 16 << 20
"""Bytes that are received of any page."""


def size_limits(site: Site, content: int) -> dict[str, int]:
    """Return the size limits for a request's meta.

    Args:
        site: the more concurrent downloads it allows, the smaller each may be.
        content: the most bytes of decoded content.
    """
    received = max(_ALWAYS_RECEIVED, 2 * content, _ALL_DOWNLOADS // site.politeness.concurrency)
    return {CONTENT_LIMIT: content, "download_maxsize": min(LONGEST, received)}


class ContentDecodingMiddleware:
    """Replaces Scrapy's HttpCompressionMiddleware, which accepts a cut body as complete."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build it for Scrapy."""
        return cls()

    def process_response(self, request: Request, response: Response) -> Request | Response:
        """Return the response with decoded content; fetch a cut one once more.

        Raises:
            UnreadableContent: it can't be decoded, is too large, or is cut at a different place each time.
        """
        if not 200 <= response.status < 300 or request.method == "HEAD":
            return response
        codings = [header_text(each) for each in response.headers.getlist("Content-Encoding")]
        limit = request.meta.get(CONTENT_LIMIT, LONGEST)
        try:
            body = decoded(response.body, codings, limit)
        except CutShort as error:
            cut, mark = error, response.body
        except ContentError as error:
            raise _unreadable(request, response, error) from error
        else:
            if not _may_be_cut(request, response, body):
                return _with(response, body)
            cut, mark = CutShort(NO_END), body[-_COMPARED:]
        digest = hashlib.sha1(mark, usedforsecurity=False).digest()
        first = request.meta.get(_CUT)
        if first is None:
            return request.replace(dont_filter=True, meta={**request.meta, _CUT: digest})
        if first != digest:
            raise _unreadable(request, response, cut) from cut
        try:  # It ends alike each time: that is how this server sends it.
            body = decoded(response.body, codings, limit, cut=True)
        except ContentError as error:
            raise _unreadable(request, response, error) from error
        return _with(response.replace(flags=[*response.flags, CUT_SHORT]), body)


def _may_be_cut(request: Request, response: Response, body: bytes) -> bool:
    """Return whether a page ended with its connection, and nothing in it shows that it is complete."""
    if _OPEN not in response.flags or ONLY_READ in request.meta or body != response.body:
        return False
    return has_no_end(body, header_text(b"".join(response.headers.getlist("Content-Type")[:1])))


def _with(response: Response, body: bytes) -> Response:
    kind = responsetypes.from_args(headers=response.headers, url=response.url, body=body)
    return response.replace(cls=kind, body=body)


def _unreadable(request: Request, response: Response, error: ContentError) -> UnreadableContent:
    response.request = request
    return UnreadableContent(error.reason, unreadable(response.url, error), response)


def fetched_page(response: Response) -> FetchedPage:
    """Return a Scrapy response as a page for the page reader."""
    headers = [(header_text(name), header_text(value)) for name, values in response.headers.items() for value in values]
    return FetchedPage(
        url=response.url,
        body=response.body,
        status=response.status,
        headers=headers,
        cut_short=CUT_SHORT in response.flags,
    )
