"""The wire recorder: what an exchange really sent and received, byte for byte.

Scrapy's responses have lost the reason phrase, the order and case of headers and the chunk framing, and nothing above
the download handler can bring them back. So the connection's own protocol is tapped, where TLS is already off.
"""

import itertools
from typing import TYPE_CHECKING, Any

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
from twisted.web._newclient import HTTP11ClientProtocol

from pressmark.errors import PressmarkError
from spiders.tape import Tape

if TYPE_CHECKING:
    from pressmark.run import Run

RECEIPT = "receipt"
"""Where a request's meta holds the receipt of its last download."""
ORIGINAL = "original"
"""Where it holds what a conditional request was asked for."""
ONLY_READ = "only_read"
"""A request's meta may name the one content type that is read: any other body goes to the archive alone and need not
be held in memory; the response has none."""
_TICKET = b"X-Pressmark-Tape"
"""Leads from Scrapy's request to Twisted's; taken off before anything is written."""


class RecordingHandler(HTTP11DownloadHandler):
    """Scrapy's HTTP/1.1 download handler, with a tape running along every exchange.

    Raises:
        PressmarkError: at start, if this Scrapy or Twisted has no place any more to tap.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._run: Run = crawler.spider.run  # type: ignore[union-attr]  # handlers are built once there is a spider
        self._tapes: dict[bytes, Tape] = {}
        self._tickets = itertools.count(1)
        base = _protocol_to_tap()
        tapes = self._tapes

        class Tapped(base):  # type: ignore[misc, valid-type]  # which class it is depends on the Scrapy at hand
            """The connection's protocol, telling a tape what passes by."""

            _tape: Tape | None = None

            def request(self, request: Any) -> Any:
                # Twisted sends the same request again if a kept connection turns out to be stale.
                if tickets := request.headers.getRawHeaders(_TICKET):
                    request.headers.removeHeader(_TICKET)
                    request.tape, request.write_to = tapes[tickets[0]], request.writeTo
                tape = self._tape = request.tape
                tape.rewind(str(self.transport.getPeer().host))
                request.writeTo = lambda transport: request.write_to(_Tee(transport, tape))
                coming = super().request(request)
                return coming.addCallback(_without_body, tape.only_read) if tape.only_read else coming

            def dataReceived(self, data: bytes) -> None:
                if self._tape:
                    self._tape.received(data)
                super().dataReceived(data)

            def _finishResponse(self, rest: bytes) -> None:
                if self._tape:
                    self._tape.finish(len(rest))
                    self._tape = None
                super()._finishResponse(rest)

        class TappedFactory(http11._LenientHTTP11ClientFactory):
            def buildProtocol(self, addr: Any) -> Any:
                return Tapped(self._quiescentCallback)

        self._pool._factory = TappedFactory

    async def download_request(self, request: Request) -> Response:
        """Download, and record the exchange, whatever came of it."""
        ticket = b"%d" % next(self._tickets)
        tape = self._tapes[ticket] = Tape(request.meta.get(ONLY_READ))
        request.headers[_TICKET] = ticket
        request.meta.pop(RECEIPT, None)
        truncated = "unspecified"  # So it stays if the crawl itself stops the download in good order.
        try:
            return await super().download_request(request)
        except DownloadTimeoutError:
            truncated = "time"
            raise
        except (ResponseDataLossError, DownloadFailedError):
            truncated = "disconnect"
            raise
        except DownloadCancelledError:
            truncated = "length"
            raise
        finally:
            del request.headers[_TICKET]
            del self._tapes[ticket]
            self._run.traffic.sent(urlparse_cached(request).hostname or "", tape.started_at, tape.sends)
            self._record(request, tape, truncated)

    def _record(self, request: Request, tape: Tape, truncated: str) -> None:
        """Hand the exchange on; when that has failed, nothing is read that was not captured."""
        via = (request.headers.get("Referer") or b"").decode("latin-1") or None
        if exchange := tape.exchange(request.url, via, truncated, request.meta.get(ORIGINAL)):
            try:
                request.meta[RECEIPT] = self._run.archivist.record(exchange)
            except PressmarkError as error:
                raise IgnoreRequest(str(error)) from error


class _Tee:
    """A transport that tells a tape what is written."""

    def __init__(self, transport: Any, tape: Tape) -> None:
        self._transport, self._tape = transport, tape

    def write(self, data: bytes) -> None:
        self._tape.sent(data)
        self._transport.write(data)

    def writeSequence(self, parts: list[bytes]) -> None:
        self.write(b"".join(parts))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class _Nowhere:
    """In the place of the buffer in which Scrapy collects a body."""

    def write(self, data: bytes) -> None:
        pass

    def truncate(self, size: int) -> None:
        pass

    def getvalue(self) -> bytes:
        return b""


def _without_body(response: Any, only_read: str) -> Any:
    content_type = (response.headers.getRawHeaders("content-type") or [""])[0]
    if content_type.lower().startswith(only_read):
        return response
    deliver = response.deliverBody

    def deliver_nowhere(reader: Any) -> None:
        reader._bodybuf = _Nowhere()
        deliver(reader)

    response.deliverBody = deliver_nowhere
    return response


def _protocol_to_tap() -> type[HTTP11ClientProtocol]:
    """Return Scrapy's protocol class; private names are used, so a release that moved them is told at once."""
    protocol = getattr(http11, "_LenientHTTP11ClientProtocol", None)
    factory = getattr(http11, "_LenientHTTP11ClientFactory", None)
    names = http11._ResponseReader.__init__.__code__.co_names if hasattr(http11, "_ResponseReader") else ()
    if not (factory and hasattr(protocol, "_finishResponse") and "_bodybuf" in names):
        import scrapy  # noqa: PLC0415 - for its version only
        import twisted  # noqa: PLC0415

        raise PressmarkError(
            f"the wire recorder does not fit Scrapy {scrapy.__version__} with Twisted {twisted.__version__}: "
            "install the versions of requirements.lock."
        )
    assert protocol
    return protocol  # type: ignore[no-any-return]
