"""A hostile site that edits its articles all the time, and logs the versions that it served completely."""

import gzip
import random
import threading
import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone

import attrs
import brotli
from backports import zstd

from tests.crawl.scrapy.odd_responses import LINES, odd_response
from tests.crawl.scrapy.raw_server import RawServer
from tests.support.bombs import BOMBS
from tests.support.hostile_site import HTML, article_id, page, path, redirect

Steps = Iterable[bytes | float | None]
ARTICLES = 24
LISTING, ROBOTS = "/world/europe", "/robots.txt"
FIRST = datetime(2022, 2, 18, 9, tzinfo=timezone(timedelta(hours=8)))
"""When version 0 of each article was updated; each other one is a minute later."""
EMPTY = '<head></head><div id="Content"></div>'
GOOD_LINES = (
    b"Server: lamps",
    b"X-Odd:   two  blanks  ",
    b"x-TIGHT:1",
    b"X-Latin: Z\xfcrich",
    b"X-Escape: \x1b[31mred",
    b"Set-Cookie: a=1",
    b"Set-Cookie: b=2",
    b"WARC-Type: warcinfo",
    b"X-Line-Separator: a\xe2\x80\xa8b",
)
"""Lines of a head that are odd, and that any client takes."""


@attrs.frozen
class Version:
    """What an article said from one moment to another."""

    number: int
    """Of the article."""
    edit: int

    @property
    def key(self) -> str:
        """Return it as the bucket's keys name it: `ID/UPDATED`."""
        return f"{article_id(self.number)}/{(FIRST + timedelta(minutes=self.edit)).astimezone(UTC):%Y%m%dT%H%M%SZ}"

    @property
    def headline(self) -> str:
        return f"Lamp {self.number} is lit for the {self.edit}th time"

    @property
    def text(self) -> tuple[str, ...]:
        """Return its paragraphs; no two versions share one."""
        choose = random.Random(f"{self.number} {self.edit}")
        words = ("lamps", "lit", "by", "hands", "at", "nightfall", "in", "towns", "of", "the", "north", "—", "Zürich")
        return tuple(
            f"{self.number}-{self.edit}-{count}: {' '.join(choose.choices(words, k=40))}."
            for count in range(choose.randrange(1, 30))
        )

    @property
    def etag(self) -> bytes:
        return b'"%d-\xff-%d"' % (self.number, self.edit)

    def page(self) -> bytes:
        """Return its page: UTF-8."""
        updated = FIRST + timedelta(minutes=self.edit)
        requisites = f'<link rel=stylesheet href="/r/{self.number % 5}.css"><link rel=icon href=/r/icon.ico>'
        body = "".join(f"<p>{each}</p>" for each in self.text) + f'<img src="/r/{self.number}.jpg">'
        byline = f"By LI LAMP | Newsroom | Updated: {updated:%Y-%m-%d %H:%M}"
        return page(self.number, self.headline, body, requisites, byline).encode()


@attrs.frozen
class Served:
    """One version that was sent completely."""

    version: Version
    serial: int
    """The response's `X-Serial` header."""
    odd: bool
    """Whether a client may refuse it: some clients can't read its head."""


@attrs.define(slots=False)
class SoakSite(RawServer):
    """Sends random faults; while it is `calm`, correct responses."""

    choose: random.Random = attrs.field(factory=random.Random)
    calm: bool = False
    served: list[Served] = attrs.field(factory=list)
    """In order; each entry was added after the last byte."""
    refused_port: int = 9
    """A port of this machine that no link may lead to."""
    _edits: list[int] = attrs.field(factory=lambda: [0] * ARTICLES)
    _serial: int = 0
    _lock: threading.Lock = attrs.field(factory=threading.Lock)

    def script(self, path_: str, request: bytes) -> Steps:
        """Return what to do for a request."""
        with self._lock:  # Each exchange has chances of its own.
            choose = random.Random(self.choose.random())
            self._serial += 1
            serial = self._serial
        number = NUMBERS.get(path_)
        if number is not None:
            return self._article(choose, number, serial, request)
        if path_ == LISTING:
            return self._listing(choose)
        if path_ == ROBOTS:
            return self._robots(choose)
        return self._requisite(choose)

    def edit(self, number: int) -> None:
        """Let an article have another version."""
        self._edits[number] += 1

    def now(self) -> set[Version]:
        """Return the versions of this moment."""
        return {Version(number, edit) for number, edit in enumerate(self._edits)}

    def _article(self, choose: random.Random, number: int, serial: int, request: bytes) -> Steps:
        version = Version(number, self._edits[number])
        if b"If-None-Match: %s\r\n" % version.etag in request:
            yield b"HTTP/1.1 304 Not Modified\r\nETag: %s\r\n\r\n" % version.etag
            return
        if not self.calm and choose.random() < 0.4:
            yield from self._hostile(choose, version)
            return
        odd = not self.calm and choose.random() < 0.1
        yield from _whole(choose, version, serial, choose.choices(LINES, k=3) if odd else ())
        self.served.append(Served(version, serial, odd))
        if not self.calm and choose.random() < 0.3:
            self.edit(number)

    def _hostile(self, choose: random.Random, version: Version) -> Steps:
        body = version.page()
        match choose.randrange(12):
            case 0 | 1:
                yield from _cut(choose, body)
            case 2:
                status = choose.choice([b"500 Oh", b"503 Busy", b"429 Slow", b"403 No", b"206 Partial Content"])
                yield _answer(b"Go away.", b"Retry-After: 1\r\n", status)
            case 3:
                beyond = f"http://127.0.0.1:{self.refused_port}/"
                astray = ["/nowhere", path(version.number), "file:///etc/passwd", "/i?" + "é" * 7000, beyond]
                yield redirect(choose.choice(astray))
            case 4:  # A head beyond the bounds of some readers, or of all.
                yield b"HTTP/1.1 200 OK\r\n" + b"X-Huge: %s\r\n" % (b"h" * 9000) * choose.choice([3, 5, 150]) + b"\r\n"
            case 5:
                yield 0.2
            case 6 if choose.random() < 0.2:
                bomb = BOMBS[choose.choice(["56-MB", "srcset-commas", "attributes-of-a-tag", "nested-media"])]
                yield _answer(gzip.compress(bomb.made(EMPTY), 1), b"Content-Encoding: gzip\r\n")
            case 7:
                yield _answer(choose.choice([b"", b" ", b"{}", b"\x00" * 99, bytes(range(256)) * 20]))
            case _:
                yield odd_response(choose).data
        yield None

    def _listing(self, choose: random.Random) -> Steps:
        links = "".join(f'<div class="tw3_01_2"><h4><a href="{each}">x</a></h4></div>' for each in NUMBERS)
        if self.calm or choose.random() < 0.85:
            yield _answer(links.encode())
        else:
            yield from (odd_response(choose).data, None)

    def _robots(self, choose: random.Random) -> Steps:
        if self.calm or choose.random() < 0.9:
            yield _answer(b"User-agent: *\r\nDisallow: /nowhere\r\n")
        else:
            yield choose.choice([_answer(b"", status=b"503 Busy"), odd_response(choose).data])
            yield None

    def _requisite(self, choose: random.Random) -> Steps:
        if self.calm or choose.random() < 0.5:
            yield _answer(b"a{background:url(/r/i.png)}" * choose.randrange(50), b"Cache-Control: max-age=60\r\n")
        else:
            yield from (odd_response(choose).data, None)


NUMBERS = {path(number): number for number in range(ARTICLES)}


def _answer(body: bytes, head: bytes = b"", status: bytes = b"200 OK") -> bytes:
    return b"HTTP/1.1 %s\r\n%s%sContent-Length: %d\r\n\r\n%s" % (status, HTML, head, len(body), body)


def _cut(choose: random.Random, body: bytes) -> Steps:
    """Send a page that ends early, in a way that a client can detect."""
    match choose.randrange(3):
        case 0:
            yield b"HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n" % (HTML, len(body))
            yield body[: choose.randrange(len(body))]
        case 1:  # No last chunk.
            yield b"HTTP/1.1 200 OK\r\n%sTransfer-Encoding: chunked\r\n\r\n" % HTML
            yield b"%x\r\n%s\r\n" % (len(body), body)
        case _:  # Of a coding, and other bytes each time: the same ones twice would be the server's habit.
            packed = gzip.compress(body, mtime=choose.randrange(1 << 31))
            yield _answer(packed[: choose.randrange(15, len(packed))], b"Content-Encoding: gzip\r\n")


def _whole(choose: random.Random, version: Version, serial: int, lines: Iterable[bytes]) -> Iterator[bytes]:
    """Send a version in one of the many ways that say the same."""
    body, coding = choose.choice(CODINGS)(version.page())
    head = [HTML.rstrip(), b"ETag: " + version.etag, b"X-Serial: %d" % serial, *coding, *lines]
    head += choose.choices(GOOD_LINES, k=choose.randrange(4))
    end = choose.choice([b"\r\n"] * 5 + [b"\n"])
    if choose.random() < 0.3:
        head.append(choose.choice([b"Transfer-Encoding: chunked", b"transfer-encoding:CHUNKED"]))
        parts = [body[at : at + 700] for at in range(0, len(body), 700)]
        body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    else:
        head.append(b"Content-Length: %d" % len(body))
    choose.shuffle(head)
    status = choose.choice([b"HTTP/1.1 200 OK", b"http/1.1 200 ok", b"HTTP/1.1 200", b"HTTP/1.1 200 Z\xfcrich"])
    data = end.join([status, *head, b"", b""]) + body
    cut = choose.randrange(len(data))
    yield data[:cut]
    yield data[cut:]


CODINGS = (
    lambda body: (body, []),
    lambda body: (gzip.compress(body), [b"Content-Encoding: gzip"]),
    lambda body: (gzip.compress(body), [b"CONTENT-ENCODING: X-GZip"]),
    lambda body: (zlib.compress(body), [b"Content-Encoding: deflate"]),
    lambda body: (zlib.compress(body)[2:-4], [b"Content-Encoding: deflate"]),
    lambda body: (brotli.compress(body), [b"Content-Encoding: br"]),
    lambda body: (zstd.compress(body), [b"Content-Encoding: zstd"]),
)
