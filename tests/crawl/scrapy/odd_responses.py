"""Random responses of all unusual kinds that a server may send."""

import gzip
import random
import zlib

import attrs
import brotli

BODIES = (b"", b"lamps", b"<h1>Lamps lit</h1>" * 99, bytes(range(256)) * 9, b"\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n")
STATUS_LINES = (
    b"HTTP/1.1 200 OK",
    b"HTTP/1.1 200",
    b"HTTP/1.1 200 ",
    b"HTTP/1.0 200 Fine  by me!",
    b"HTTP/1.1 200 Z\xfcrich \xe2\x82\xac",
    b"http/1.1 200 ok",
    b"Http/1.1 404 gone",
    b"HTTP/1.1 299 odd",
    b"HTTP/1.1 999 no",
    b"HTTP/1.1 304 Not Modified",
    b"HTTP/1.1 500 Oh",
    b"HTTP/2.0 200 OK",
    b"HTTP/1.1 200\tOK",
)
INTERIM = [
    b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n",
    b"HTTP/1.1 100 C\r\n\r\n",
    b"http/1.1 103\n\n",
    b"HTTP/1.1 101 Switching\r\n\r\n",
    b"HTTP/1.10 102 X\r\n\r\n",
    b"ODD/1.1 199 X\r\n\r\n",
]
REDIRECTS = (
    b"HTTP/1.1 301 Moved Permanently",
    b"HTTP/1.1 302 Found",
    b"HTTP/1.0 303 See  Other",
    b"HTTP/1.1 307",
    b"HTTP/1.1 308 Z\xfcrich",
    b"HTTP/1.1 300 Multiple Choices",
    b"HTTP/1.1 305 Use Proxy",
)
LOCATIONS = (
    b"",
    b" ",
    b"next?page=2#top",
    b"../../up",
    b"?",
    b"#",
    b"//other.example/x",
    b"http://news.example:80/x",
    b"http://[oops/",
    b"javascript:alert(1)",
    b"file:///etc/passwd",
    b"/caf\xe9",
    "/\u4e2d\u6587?\xfc".encode(),
    b"http://b\xfccher.example/",
    b"/a b\tc",
    b"/100%",
    b"/\x1b[31mred\x00",
    b"/i?" + b"a" * 7000,
    b"/i?" + b"\xe9" * 2600,
    b"/i?" + b"\xe9" * 7000,
    b"/i?" + "\xe9".encode() * 7000,
)
"""Where redirects lead; the longest is a head that is recorded, and an address that is not asked for."""
NO_STATUS_LINES = (
    b"ICY 200 OK",
    b"HTTP/1.1  200 OK",
    b"HTTP/1.1 2x0 OK",
    b"HTTP/1.1 20 OK",
    b"HTTP/1.1 1039 OK",
    b"HTTP/1.1 +200 OK",
    b"HTTP/1.1",
    b"SSH-2.0-OpenSSH",
    b" ",
    b"\x00",
    b"<html>",
)
LINES = (
    b"Server: lamps",
    b"X-Odd:   two  blanks  ",
    b"x-TIGHT:1",
    b"X-Latin: Z\xfcrich",
    b"X-Utf: \xe2\x82\xac",
    b"X-Nul: a\x00b",
    b"X-Escape: \x1b[31mred",
    b"Content-Type: text/html; charset=utf-8",
    b"CONTENT-TYPE:text/html;x",
    b"Content-Type:",
    b"Content-Type: \xe9/\xff",
    b"Set-Cookie: a=1",
    b"Set-Cookie: b=2",
    b"no colon in this line",
    b": no name",
    b"X-Folded: one\r\n  two",
    b"X-Folded-Tab: one\r\n\ttwo",
    b'ETag: "\x80\xff"',
    b"WARC-Type: warcinfo",
    b"X-Line-Separator: a\xe2\x80\xa8b",
    b"X-Next-Line: a\x85b",
    b"X-Vertical: a\x0bb\x0cc\x1cd",
)
BLANK_LINES = (b"X-A: 1\r\n ", b"X-A: 1\r\n\t \t", b"\x0b", b"\xc2\xa0", b"\x85", b"\x1c")
"""White space alone: some readers take it for the end of a head."""


@attrs.frozen
class OddResponse:
    """What a server sends for one request."""

    data: bytes
    """All of it."""
    body: bytes
    """What follows its last head, if that is one."""


def odd_response(choose: random.Random, *, redirects: bool = False) -> OddResponse:
    """Return a response; no client can read many of them.

    Args:
        choose: the source of random choices.
        redirects: make it a redirect, if its head can be read.
    """
    end = choose.choice([b"\r\n"] * 5 + [b"\n"])
    if redirects:
        status = choose.choice(REDIRECTS)
    else:
        status = choose.choice(STATUS_LINES if choose.random() < 0.9 else NO_STATUS_LINES)
    lines = choose.choices(LINES, k=choose.randrange(5))
    if redirects:
        lines += [b"Location: " + each for each in choose.choices(LOCATIONS, k=choose.choice((0, 1, 1, 1, 2)))]
    if choose.random() < 0.05:
        lines.append(choose.choice(BLANK_LINES))
    if choose.random() < 0.1:
        lines += [b"X-%d: %s" % (number, b"a" * choose.randrange(60)) for number in range(choose.randrange(700))]
    if choose.random() < 0.05:
        lines.append(b"X-Long: " + b"a" * choose.choice([15_000, 17_000, 32_000, 40_000, 1_100_000]))
    if choose.random() < 0.05:
        lines += [b"X-Kilo: " + b"k" * 1000] * choose.choice([20, 31, 33, 60])
    entity, coding = _coded(choose, choose.choice(BODIES))
    body, framing = _framed(choose, entity)
    lines += coding + framing
    choose.shuffle(lines)
    interim = choose.choice([b""] * 20 + INTERIM)
    before = choose.choice([b""] * 8 + [b"\r\n", b"\n\n", b"\r\n\r\n\r\n"])
    head = end.join([status, *lines, b"", b""])
    return OddResponse(before + interim + head + body, body)


def pieces(choose: random.Random, data: bytes) -> list[bytes]:
    """Split bytes as a network may."""
    cuts = sorted(choose.randrange(len(data) + 1) for _ in range(choose.randrange(6)))
    return [data[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(data)], strict=True)]


def _coded(choose: random.Random, content: bytes) -> tuple[bytes, list[bytes]]:
    match choose.randrange(12):
        case 0:
            return gzip.compress(content, mtime=0), [b"Content-Encoding: gzip"]
        case 1:
            return gzip.compress(content, mtime=0), [b"CONTENT-ENCODING: X-GZip"]
        case 2:
            return zlib.compress(content), [b"Content-Encoding: deflate"]
        case 3:
            return zlib.compress(content)[2:-4], [b"Content-Encoding: deflate"]
        case 4:
            return content, [b"Content-Encoding: gzip"]
        case 5:
            return gzip.compress(content, mtime=0)[:-5], [b"Content-Encoding: gzip"]
        case 6:
            return gzip.compress(zlib.compress(content), mtime=0), [b"Content-Encoding: deflate, gzip"]
        case 7:
            return brotli.compress(content), [b"Content-Encoding: br"]
        case 8:
            return content, [b"Content-Encoding: utf-8"]
    return content, []


def _framed(choose: random.Random, entity: bytes) -> tuple[bytes, list[bytes]]:
    match choose.randrange(10):
        case 0 | 1:
            parts = pieces(choose, entity)
            extension = choose.choice([b"", b"", b";n=1"])
            chunks = b"".join(b"%x%s\r\n%s\r\n" % (len(part), extension, part) for part in parts if part)
            last = choose.choice([b"0\r\n\r\n", b"0\r\nX-Sum: 5\r\n\r\n", b"0\r\n\r\n", b""])
            return chunks + last, [choose.choice([b"Transfer-Encoding: chunked", b"transfer-encoding:CHUNKED"])]
        case 2:
            return entity, [b"Transfer-Encoding: chunked"]
        case 3:
            return entity, []
        case 4:
            return entity, [b"Content-Length: %d" % (len(entity) + 5)]
        case 5:
            return entity + b"\r\n", [b"Content-Length: %d" % len(entity)]
        case 6:
            return entity, [b"Content-Length: %d" % len(entity)] * 2
    return entity, [b"Content-Length: %d" % len(entity)]
