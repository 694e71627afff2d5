"""The download handler that records the bytes of each exchange as sent and received.

Scrapy's responses lack the reason phrase, the order and case of headers and the chunk framing, and only a download
handler can get them. So it records in the connection's protocol, after TLS is removed.
"""

import itertools
from collections.abc import Callable
from typing import Any, Self

from scrapy import Request
from scrapy.core.downloader.handlers import http11
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.exceptions import (
    DownloadCancelledError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.http import Response
from scrapy.utils.httpobj import urlparse_cached
from twisted.internet.defer import fail
from twisted.python.failure import Failure as TwistedFailure
from twisted.web._newclient import HTTP11ClientProtocol

from pressmark.archive.warc.http_head import LONGEST, OddHead
from pressmark.crawl.scrapy.download_errors import BAD_HEAD, Refused
from pressmark.crawl.scrapy.early_stop import EarlyStopMiddleware
from pressmark.crawl.scrapy.exchange_recorder import ExchangeRecorder
from pressmark.crawl.scrapy.known_hosts import not_public
from pressmark.crawl.scrapy.resolver import ALLOWED
from pressmark.crawl.state.parts import CrawlParts
from pressmark.crawl.state.request_stats import RequestStats
from pressmark.errors import PressmarkError
from pressmark.model.capture import Exchange, Receipt
from pressmark.sites.address_rule import AddressRule

RECEIPT = "receipt"
"""Key in a request's meta: the receipt of its last download."""
ORIGINAL = "original"
"""Key in a request's meta: the capture that a conditional request refers to."""
ONLY_READ = "only_read"
"""Key in a request's meta: the only content type that is read. Any other body is archived without keeping it in
memory, and the response has none."""
OWN_CONNECTION = "own_connection"
"""Key in a request's meta: it needs a new connection, since a kept one may bring a late response to another request."""
_TICKET = b"X-Pressmark-ExchangeRecorder"
"""A header that links Scrapy's request to Twisted's; it is removed before anything is sent."""


class RecordingHandler(HTTP11DownloadHandler):
    """Scrapy's HTTP/1.1 download handler, with a recorder for every exchange.

    Args:
        crawler: Scrapy's.
        record: takes each exchange, and returns its receipt.
        request_stats: counts the requests.

    Raises:
        PressmarkError: at start, if this version of Scrapy or Twisted does not fit.
    """

    def __init__(self, crawler: Crawler, record: Callable[[Exchange], Receipt], request_stats: RequestStats) -> None:
        super().__init__(crawler)
        self._store_exchange, self._request_stats = record, request_stats
        self._recorders: dict[bytes, ExchangeRecorder] = {}
        self._tickets = itertools.count(1)
        protocol_class = _recording_protocol(self._recorders, AddressRule.of(crawler.settings.getlist(ALLOWED)))

        class RecordingFactory(http11._LenientHTTP11ClientFactory):
            def buildProtocol(self, addr: Any) -> Any:
                return protocol_class(self._quiescentCallback)

        self._pool._factory = RecordingFactory

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Take the archivist and the request statistics of the crawl."""
        parts = CrawlParts.of(crawler)
        return cls(crawler, parts.archivist.record, parts.request_stats)

    async def download_request(self, request: Request) -> Response:
        """Download, and record the exchange in any case."""
        ticket = b"%d" % next(self._tickets)
        recorder = self._recorders[ticket] = ExchangeRecorder(
            request.meta.get(ONLY_READ), direct=not request.meta.get("proxy")
        )
        request.headers[_TICKET] = ticket
        request.meta.pop(RECEIPT, None)
        if request.meta.get(OWN_CONNECTION):
            self._pool.closeCachedConnections()  # type: ignore[no-untyped-call]
        truncated = "unspecified"  # Kept if the crawl itself stops the download.
        download = super().download_request(request)
        early_stop = self._crawler.get_downloader_middleware(EarlyStopMiddleware)
        try:
            return await (early_stop.download(download) if early_stop else download)
        except (DownloadTimeoutError, Refused):
            truncated = "time"
            raise
        except ResponseDataLossError:
            truncated = "disconnect"
            raise
        except DownloadFailedError as error:
            truncated = "disconnect"
            if odd := _odd_head(error):
                raise Refused(BAD_HEAD, f"the response of {request.url} is not recorded: {odd}") from error
            raise
        except DownloadCancelledError:
            truncated = "length"
            raise
        finally:
            del request.headers[_TICKET]
            del self._recorders[ticket]
            self._request_stats.count(urlparse_cached(request).hostname or "", recorder.started_at, recorder.sends)
            self._record(request, recorder, truncated)

    def _record(self, request: Request, recorder: ExchangeRecorder, truncated: str) -> None:
        """Store the exchange; if that fails, the response is not read: every page that is read was captured."""
        via = (request.headers.get("Referer") or b"").decode("latin-1") or None
        try:
            if exchange := recorder.exchange(request.url, via, truncated, request.meta.get(ORIGINAL)):
                request.meta[RECEIPT] = self._store_exchange(exchange)
        except OddHead as error:
            raise Refused(BAD_HEAD, f"the response of {request.url} is not recorded: {error}") from error
        except PressmarkError as error:
            raise IgnoreRequest(str(error)) from error


def _recording_protocol(recorders: dict[bytes, ExchangeRecorder], rule: AddressRule) -> type[HTTP11ClientProtocol]:
    """Return a class of the connection's protocol that records what passes."""
    base = _base_protocol()

    class RecordingProtocol(base):  # type: ignore[misc, valid-type]  # the class depends on the version of Scrapy
        """The connection's protocol; it records what passes."""

        _recorder: ExchangeRecorder | None = None

        def request(self, request: Any) -> Any:
            # Twisted sends a request again if a kept connection is stale.
            if tickets := request.headers.getRawHeaders(_TICKET):
                request.headers.removeHeader(_TICKET)
                request.recorder, request.write_to = recorders[tickets[0]], request.writeTo
            recorder = self._recorder = request.recorder
            peer = str(self.transport.getPeer().host)
            if recorder.direct and (
                reason := rule.refusal(peer)
            ):  # The resolver blocks these already; this is the second check.
                self._recorder = None
                self.transport.abortConnection()
                return fail(Refused("address-refused", not_public(reason)))
            recorder.restart(peer)
            request.writeTo = lambda transport: request.write_to(_Tee(transport, recorder))
            download = super().request(request)
            self._parser.MAX_LENGTH = LONGEST  # Of a line; Twisted drops longer ones without giving a reason.
            return download.addCallback(_discard_body, recorder.only_read) if recorder.only_read else download

        def dataReceived(self, data: bytes) -> None:
            if self._recorder:
                try:
                    data = self._recorder.received(data)
                except OddHead as error:
                    self._recorder = None
                    self._giveUp(TwistedFailure(error))  # type: ignore[no-untyped-call]
                    return
            super().dataReceived(data)

        def _finishResponse(self, rest: bytes) -> None:
            if self._recorder:
                self._recorder.finish(len(rest))
                self._recorder = None
            if rest:  # Twisted would take it for the response to the next request.
                self._currentRequest.persistent = False
            super()._finishResponse(rest)

    return RecordingProtocol


class _Tee:
    """A transport that also records what is written."""

    def __init__(self, transport: Any, recorder: ExchangeRecorder) -> None:
        self._transport, self._recorder = transport, recorder

    def write(self, data: bytes) -> None:
        self._recorder.sent(data)
        self._transport.write(data)

    def writeSequence(self, parts: list[bytes]) -> None:
        self.write(b"".join(parts))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class _NullBuffer:
    """Replaces the buffer of Scrapy for a body, and keeps nothing."""

    def write(self, data: bytes) -> None:
        pass

    def truncate(self, size: int) -> None:
        pass

    def getvalue(self) -> bytes:
        return b""


def _discard_body(response: Any, only_read: str) -> Any:
    content_type = (response.headers.getRawHeaders(b"content-type") or [b""])[0].decode("latin-1")
    if content_type.lower().startswith(only_read):
        return response
    deliver = response.deliverBody

    def discard_body(reader: Any) -> None:
        reader._bodybuf = _NullBuffer()
        deliver(reader)

    response.deliverBody = discard_body
    return response


def _odd_head(error: BaseException) -> OddHead | None:
    """Return the head that made the recorder give up a connection, if that is why a download failed."""
    cause = error.__cause__
    reasons = (each.value for each in getattr(cause, "reasons", ()))
    return next((each for each in reasons if isinstance(each, OddHead)), None)


def _base_protocol() -> type[HTTP11ClientProtocol]:
    """Return Scrapy's protocol class; it has a private name, so check that this release still has it."""
    protocol = getattr(http11, "_LenientHTTP11ClientProtocol", None)
    factory = getattr(http11, "_LenientHTTP11ClientFactory", None)
    names = http11._ResponseReader.__init__.__code__.co_names if hasattr(http11, "_ResponseReader") else ()
    if not (factory and hasattr(protocol, "_finishResponse") and "_bodybuf" in names):
        import scrapy
        import twisted

        raise PressmarkError(
            f"the recording handler does not fit Scrapy {scrapy.__version__} with Twisted {twisted.__version__}: "
            "install the versions of requirements.lock."
        )
    assert protocol
    return protocol  # type: ignore[no-any-return]
