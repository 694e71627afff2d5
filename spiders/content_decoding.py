"""Decodes what was downloaded, by the decoder that recovery and `rederive` use, and within a bound."""

import hashlib
from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.responsetypes import responsetypes

from pressmark.archive.content import LONGEST, ContentError, CutShort, decoded, unreadable
from pressmark.archive.http_head import header_text
from pressmark.site import Site
from spiders.failures import UnreadableContent

CONTENT_LIMIT = "content_limit"
"""A request's meta may name the bytes that its decoded content has at most."""
CUT_SHORT = "cut-short"
"""Flag of a response whose compressed body ends early each time, and is read as far as it goes."""
_CUT = "cut_short_sha1"
_UNDER_WAY = 256 << 20
"""Bytes that all pages under way hold at most, as they come over the wire."""
_LEAST = 16 << 20
"""Bytes of a page that are received in any case."""


def limits(site: Site, content: int) -> dict[str, int]:
    """Return what a request's meta says of how much may come.

    Args:
        site: the more of its pages are under way at once, the less each may hold.
        content: bytes of the decoded content, at most.
    """
    received = max(_LEAST, 2 * content, _UNDER_WAY // site.politeness.concurrency)
    return {CONTENT_LIMIT: content, "download_maxsize": min(LONGEST, received)}


class ContentDecodingMiddleware:
    """Takes the place of Scrapy's HttpCompressionMiddleware, which takes a cut body for the whole one."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Nothing of the crawler is needed."""
        return cls()

    def process_response(self, request: Request, response: Response) -> Request | Response:
        """Return the response with decoded content; a cut one is asked for once more.

        Raises:
            UnreadableContent: it can't be decoded, is too large, or is cut otherwise each time.
        """
        if not 200 <= response.status < 300 or request.method == "HEAD":
            return response
        codings = [header_text(each) for each in response.headers.getlist("Content-Encoding")]
        limit = request.meta.get(CONTENT_LIMIT, LONGEST)
        try:
            return _with(response, decoded(response.body, codings, limit))
        except CutShort as error:
            digest = hashlib.sha1(response.body, usedforsecurity=False).digest()
            first = request.meta.get(_CUT)
            if first is None:
                return request.replace(dont_filter=True, meta={**request.meta, _CUT: digest})
            if first != digest:
                raise _unreadable(request, response, error) from error
        except ContentError as error:
            raise _unreadable(request, response, error) from error
        try:  # Its framing is whole and the same bytes came twice: this server does so.
            body = decoded(response.body, codings, limit, cut=True)
        except ContentError as error:
            raise _unreadable(request, response, error) from error
        return _with(response.replace(flags=[*response.flags, CUT_SHORT]), body)


def _with(response: Response, body: bytes) -> Response:
    kind = responsetypes.from_args(headers=response.headers, url=response.url, body=body)
    return response.replace(cls=kind, body=body)


def _unreadable(request: Request, response: Response, error: ContentError) -> UnreadableContent:
    response.request = request
    return UnreadableContent(error.reason, unreadable(response.url, error), response)
