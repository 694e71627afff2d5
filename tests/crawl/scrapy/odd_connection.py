"""A connection of the crawl to a server in the test: what the recorder records, and what the crawl reads."""

import random
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import attrs
from scrapy import Request as ScrapyRequest
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.http import Headers, Response
from scrapy.settings import Settings
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Protocol
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.web._newclient import Request, ResponseDone
from twisted.web.http import PotentialDataLoss
from twisted.web.http_headers import Headers as WireHeaders

from pressmark.archive.warc.content import ContentError
from pressmark.archive.warc.http_head import OddHead
from pressmark.archive.warc.response import read_response
from pressmark.crawl.scrapy.content_decoding import ContentDecodingMiddleware
from pressmark.crawl.scrapy.download_errors import Refused, UnreadableContent
from pressmark.crawl.scrapy.exchange_recorder import ExchangeRecorder
from pressmark.crawl.scrapy.known_hosts import RequestUrlMiddleware
from pressmark.crawl.scrapy.recording_handler import _TICKET, _recording_protocol
from pressmark.model.capture import Exchange
from pressmark.sites.address_rule import AddressRule
from tests.crawl.scrapy.odd_responses import OddResponse, pieces

SERVER = "127.0.0.1"


@attrs.frozen
class Taken:
    """A recorded response."""

    exchange: Exchange
    message: bytes
    """The response as recorded."""
    response: Response | None
    """The response in the crawl; None if it is incomplete or can't be read."""


def taken(choose: random.Random, url: str, via: str | None, sent: OddResponse) -> Taken | None:
    """Send a response over a connection of the crawl; return None if the recorder refuses it."""
    recorder, read = ExchangeRecorder(), _Body()
    connection: Any = _recording_protocol({b"1": recorder}, AddressRule.of([f"{SERVER}/32"]))(lambda _: None)
    transport = StringTransport(peerAddress=IPv4Address("TCP", SERVER, 80))
    connection.makeConnection(transport)
    headers = WireHeaders({b"Host": [b"news.example"], _TICKET: [b"1"]})
    connection.request(Request(b"GET", b"/lamps", headers, None, persistent=True)).addCallbacks(read.begin, read.fail)
    for piece in pieces(choose, sent.data):
        if not transport.disconnecting:
            connection.dataReceived(piece)
    connection.connectionLost(Failure(ConnectionDone()))  # type: ignore[no-untyped-call]
    try:
        exchange = recorder.exchange(url, via, "disconnect")
    except OddHead:
        return None
    if exchange is None:
        return None
    message = exchange.response_head + exchange.response_body.read()
    exchange.response_body.seek(0)
    return Taken(exchange, message, read.response(url))


class _Body(Protocol):
    """Receives a response as Scrapy's handler does."""

    def __init__(self) -> None:
        self._came: Any = None
        self._data = b""
        self._whole = False

    def begin(self, came: Any) -> None:
        self._came = came
        if came.length:
            came.deliverBody(self)
        else:
            self._whole = True

    def fail(self, _: Any) -> None:
        """Ignore a failure: there is no response."""

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - as Twisted names it
        self._data += data

    def connectionLost(self, reason: Any = None) -> None:  # noqa: N802 - as Twisted names it
        self._whole = bool(reason.check(ResponseDone, PotentialDataLoss))

    def response(self, url: str) -> Response | None:
        if not self._whole:
            return None
        headers = Headers(self._came.headers.getAllRawHeaders())
        return Response(url, status=self._came.code, headers=headers, body=self._data)


def leads_to(response: Response) -> str | None:
    """Return the URL that the crawl requests next; None if the response is no redirect, or its target is refused.

    A refused target has an outcome: `no-url`, `url-too-long`, or `network` for an invalid URL.
    """
    redirects = RedirectMiddleware(Settings())
    redirects.crawler = SimpleNamespace(spider=None)  # type: ignore[assignment]  # it asks for no more of it
    with suppress(Refused, ValueError):
        asked = redirects.process_response(ScrapyRequest(response.url), response)
        if isinstance(asked, ScrapyRequest):
            return (RequestUrlMiddleware().process_request(asked) or asked).url
    return None


def content_in_the_crawl(response: Response) -> bytes | str:
    """Return the content that the crawl reads if the server repeats the response, or the reason of the outcome."""
    decoding = ContentDecodingMiddleware()
    try:
        read = decoding.process_response(ScrapyRequest(response.url), response)
        if isinstance(read, ScrapyRequest):  # It ends early, and is asked for once more.
            read = decoding.process_response(read, response)
    except UnreadableContent as error:
        return error.reason
    assert isinstance(read, Response)
    return read.body


def content_in_the_archive(member: bytes) -> bytes | str:
    """Return the content that `rederive` reads from the record, or the reason of the outcome."""
    try:
        return read_response(member, cut=True).body
    except ContentError as error:
        return error.reason
