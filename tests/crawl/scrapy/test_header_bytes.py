"""Header bytes are opaque: the crawl and `rederive` give a page the same headers for any bytes of a site."""

import gzip

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scrapy import Request as ScrapyRequest
from scrapy.http import Headers, Response
from twisted.internet.testing import StringTransport
from twisted.web._newclient import HTTPClientParser, Request
from twisted.web.http_headers import Headers as WireHeaders
from web_poet import HttpResponse, HttpResponseHeaders

from pressmark.archive.bucket.visits import VisitedPage
from pressmark.archive.warc.content import content
from pressmark.archive.warc.http_head import parse_head
from pressmark.crawl.scrapy.conditional_requests import LONGEST_VALIDATOR, make_conditional, visited_page
from pressmark.crawl.scrapy.content_decoding import ContentDecodingMiddleware, fetched_page
from pressmark.crawl.scrapy.recording_handler import RECEIPT
from pressmark.extract.layouts import page_response
from pressmark.model.capture import Original
from tests.support.samples import capture

URL = "http://127.0.0.1/a/202202/18/WS620eee0ba310cdd1c5c1d2a3.html"
PAGE = "<p>中文</p>".encode("gb18030")
NAMES = st.sampled_from([b"Content-Type", b"content-type", b"X-Author", b"ETag", b"Vary"])
VALUES = st.binary(max_size=20).filter(lambda value: not set(value) & set(b"\r\n\x00"))
CHARSETS = st.sampled_from(
    [b"text/html; charset=gb2312", b"text/html; charset=utf-8; by=caf\xe9", b"text/html;charset=\xff"]
)


def _page(response: Response) -> HttpResponse:
    """Return a response as the crawl gives it to page objects."""
    page = fetched_page(response)
    return page_response(page.url, page.body, page.status, HttpResponseHeaders(page.headers))


def crawled(head: bytes) -> Response:
    """Return the crawl's headers for a head that was received over the wire."""
    parser = HTTPClientParser(Request(b"GET", b"/", WireHeaders({b"host": [b"x"]}), None), lambda rest: None)
    parser.makeConnection(StringTransport())
    parser.dataReceived(head)
    return Response(URL, headers=Headers(parser.response.headers.getAllRawHeaders()), body=PAGE)


@given(st.lists(st.tuples(NAMES, VALUES | CHARSETS), max_size=5))
@example([(b"Content-Type", b"text/html; charset=gb2312"), (b"X-Author", b"caf\xe9")])
@example([(b"Content-Type", "text/html; charset=gb2312; by=Łódź".encode())])
def test_crawl_and_rederive_give_a_page_the_same_headers(lines: list[tuple[bytes, bytes]]) -> None:
    head = b"HTTP/1.1 200 OK\r\n" + b"".join(b"%s: %s\r\n" % line for line in lines) + b"\r\n"
    live = _page(crawled(head))
    again = page_response(URL, PAGE, 200, HttpResponseHeaders(parse_head(head).headers))
    for name in ("Content-Type", "X-Author", "ETag", "Vary"):
        assert live.headers.getall(name, []) == again.headers.getall(name, [])
    assert live.encoding == again.encoding
    assert live.text == again.text


@pytest.mark.parametrize("blank", [b"\xa0", b"\x85", b"\x1c", b"\x0b", b" \t", b"\xc2\xa0", "\u2003".encode(), b"\x80"])
@pytest.mark.parametrize("value", [b"%sgzip", b"gzip%s", b"gzip%s,%sidentity"])
def test_crawl_and_rederive_read_a_content_encoding_alike(value: bytes, blank: bytes) -> None:
    coding = value.replace(b"%s", blank)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: " + coding + b"\r\n\r\n"
    body = gzip.compress(PAGE)
    response = crawled(head).replace(body=body)
    live = ContentDecodingMiddleware().process_response(_request(), response)
    assert isinstance(live, Response)
    again = content(body, parse_head(head).headers)
    assert live.body == again == (body if blank == b"\x80" else PAGE)


@given(
    st.binary(min_size=1, max_size=40).map(lambda tag: b'"%s"' % tag.replace(b'"', b""))
    | st.integers(1, 3000).map(lambda length: b"a" * length)
)
@example(b'"\x80\x85\xff"')
@example(b'"a\x7f"')
@example(b'W/"a, b"')
@example(b'""')
def test_a_validator_is_sent_back_byte_for_byte_or_not_at_all(tag: bytes) -> None:
    response = Response(URL, headers={"ETag": tag, "Last-Modified": tag})
    response.request = make_conditional(_request(), VisitedPage(original=_original()))
    response.request.meta[RECEIPT] = capture()
    page = visited_page(response)
    request = make_conditional(_request(), page)
    may_go = 0 < len(tag) <= LONGEST_VALIDATOR and not any(byte < 0x20 or byte == 0x7F for byte in tag)
    assert request.headers.getlist("If-None-Match") == ([tag] if may_go else [])
    assert request.headers.getlist("If-Modified-Since") == ([tag] if may_go else [])


@pytest.mark.parametrize("tag", [b"*", b'"a", "b"', b"a,b", b'"a" x', b'"', b'"a""b"', b'w/"a"', b"a b"])
def test_an_invalid_entity_tag_is_never_sent_back(tag: bytes) -> None:
    response = Response(URL, headers={"ETag": tag})
    response.request = _request()
    response.request.meta[RECEIPT] = capture()
    assert visited_page(response).etag is None
    given = VisitedPage(original=_original(), etag=tag.decode("latin-1"))
    assert not make_conditional(_request(), given).headers.getlist("If-None-Match")


def test_an_invalid_validator_of_an_older_release_is_not_sent() -> None:
    request = make_conditional(_request(), VisitedPage(original=_original(), etag='"\u0141"', last_modified='"\xe9"'))
    assert request.headers.getlist("If-None-Match") == []
    assert request.headers.getlist("If-Modified-Since") == [b'"\xe9"']


def _request() -> ScrapyRequest:
    return ScrapyRequest(URL)


def _original() -> Original:
    return Original(url=URL, record_id=capture().record_id, captured_at=capture().captured_at)
