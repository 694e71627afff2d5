"""For every kind of exchange, the archive has the bytes that were sent over the wire."""

import gzip
import json
import random
import ssl
import subprocess
import sys
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from warcio.archiveiterator import ArchiveIterator

from pressmark.archive.warc import cdxj
from tests.conftest import ROOT
from tests.crawl.scrapy.raw_server import RawServer, Script, tunnel_proxy
from tests.support.tools import fastwarc_check

if TYPE_CHECKING:
    from collections.abc import Callable

OK = b"HTTP/1.1 200 OK\r\n"
GZIPPED = gzip.compress(b"<h1>Lamps lit</h1>" * 99, mtime=0)
BIG = bytes(range(256)) * 4096 * 3


def chunked(*parts: bytes, trailer: bytes = b"", extension: bytes = b"") -> bytes:
    return b"".join(b"%x%s\r\n%s\r\n" % (len(part), extension, part) for part in (*parts, b""))[:-2] + trailer + b"\r\n"


def sized(body: bytes, *lines: bytes) -> bytes:
    head = b"".join(line + b"\r\n" for line in lines)
    return OK + head + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


WHOLE: dict[str, Script] = {
    "/plain": (sized(b"lamps"),),
    "/odd-reason": (b"HTTP/1.1 200 Fine  by me!\r\nContent-Length: 2\r\n\r\nok",),
    "/no-reason": (b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok",),
    "/duplicate-headers": (sized(b"x", b"Set-Cookie: a=1", b"X-Between: 1", b"Set-Cookie: b=2"),),
    "/odd-case-and-blanks": (sized(b"x", b"x-ODD:   two  blanks  ", b"X-Tight:1"),),
    "/latin-1": (sized("Zürich".encode("latin-1"), "X-Town: Zürich".encode("latin-1")),),
    "/folded": (sized(b"x", b"X-Folded: one", b"  two"),),
    "/colonless": (sized(b"x", b"this line has no colon"),),
    "/lf-only": (b"HTTP/1.1 200 OK\nX-A: 1\nContent-Length: 2\n\nok",),
    "/empty": (sized(b""),),
    "/no-headers": (b"HTTP/1.0 200 OK\r\n\r\nlamps", None),
    "/gzip": (sized(GZIPPED, b"Content-Encoding: gzip"),),
    "/deflate": (sized(zlib.compress(b"lamps"), b"Content-Encoding: deflate"),),
    "/gzip-garbage": (sized(b"no gzip at all", b"Content-Encoding: gzip"),),
    "/chunked": (OK + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(b"lam", b"ps"),),
    "/chunked-extension": (OK + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(b"lamps", extension=b";n=1"),),
    "/chunked-trailer": (OK + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(b"lamps", trailer=b"X-Sum: 5\r\n"),),
    "/chunked-gzip": (
        OK + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(GZIPPED[:9], GZIPPED[9:]),
    ),
    "/in-pieces": (OK[:7], 0.02, OK[7:] + b"Content-Le", 0.02, b"ngth: 5\r\n\r", 0.02, b"\nla", 0.02, b"mps"),
    "/until-close": (b"HTTP/1.0 200 OK\r\nServer: old\r\n\r\nlamps until the end", None),
    "/close": (sized(b"x", b"Connection: close"), None),
    "/204": (b"HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n",),
    "/304": (b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n',),
    "/301": (b"HTTP/1.1 301 Moved\r\nLocation: /plain\r\nContent-Length: 0\r\n\r\n",),
    "/404": (b"HTTP/1.1 404 Gone Fishing\r\nContent-Length: 4\r\n\r\ngone",),
    "/500": (b"HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\noh",),
    "/big": (sized(BIG),),
    "/post": (sized(b"posted"),),
    "/head": (OK + b"Content-Length: 99\r\n\r\n",),
    "/query?a=1&b=%20": (sized(b"q"),),
}
INTERIM: dict[str, Script] = {
    "/103": (b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n", sized(b"lamps")),
    "/100": (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX-A: 1\r\n\r\n", sized(b"lamps")),
    "/101": (b"HTTP/1.1 101 Switching\r\n\r\n", sized(b"lamps")),
    "/odd-103": (b"http/1.1 103 X\r\n\r\nHTTP/1.10 102 X\r\n\r\nODD/1.1 199\n\n", sized(b"lamps")),
}
CUT: dict[str, tuple[Script, str]] = {
    "/cut": ((OK + b"Content-Length: 99\r\n\r\nonly this", None), "disconnect"),
    "/cut-chunk": ((OK + b"Transfer-Encoding: chunked\r\n\r\n63\r\nonly this", None), "disconnect"),
    "/slow": ((OK + b"Content-Length: 99\r\n\r\nonly this", 4.0), "time"),
}
SILENT: dict[str, Script] = {
    "/nothing": (None,),
    "/half-a-head": (b"HTTP/1.1 200 OK\r\nX-A", None),
    "/1039": (b"HTTP/1.1 1039 X\r\n\r\n", sized(b"lamps")),
}
REQUESTS: dict[str, dict[str, Any]] = {
    "/post": {"method": "POST", "body": "a=1&b=2", "headers": {"X-Odd-CASE": "kept?"}},
    "/head": {"method": "HEAD"},
}


@attrs.frozen
class Recorded:
    """The records of one URL: the bytes of each."""

    request: bytes
    response: bytes
    truncated: str | None
    ip: str


@attrs.frozen
class Crawled:
    """The exchanges that the server saw and those in the archive, by path."""

    server: RawServer
    records: dict[str, list[Recorded]]
    path: Path
    peak: int
    """Most memory that the crawl held, in bytes."""
    requests: int
    """Requests it counted."""


def crawl(folder: Path, server: RawServer, requests: list[dict[str, Any]], scheme: str) -> Crawled:
    done = subprocess.run(
        [sys.executable, "-m", "tests.crawl.scrapy.wire_crawl", folder],
        input=json.dumps(requests),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd=ROOT,
        timeout=120,
    )
    [path] = folder.glob("*.warc.gz")
    base = f"{scheme}://127.0.0.1:{server.port}"
    records: dict[str, list[Recorded]] = {}
    waiting: dict[str, tuple[str, bytes, str | None, str]] = {}
    with path.open("rb") as file:
        for record in ArchiveIterator(file, no_record_parse=True):
            head = record.rec_headers
            block = record.raw_stream.read()
            if record.rec_type in {"response", "revisit"}:
                record_id = head.get_header("WARC-Record-ID")
                target = head.get_header("WARC-Target-URI").removeprefix(base)
                truncated, ip = head.get_header("WARC-Truncated"), head.get_header("WARC-IP-Address")
                waiting[record_id] = (target, block, truncated, ip)
            elif record.rec_type == "request":
                target, response, truncated, ip = waiting.pop(head.get_header("WARC-Concurrent-To"))
                records.setdefault(target, []).append(Recorded(block, response, truncated, ip))
    assert not waiting
    result = json.loads(done.stdout)
    return Crawled(server, records, path, result["peak"], sum(host["number"] for host in result["traffic"]))


@pytest.fixture(scope="module", params=["http", "https"])
def crawled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, tls: ssl.SSLContext) -> Crawled:
    scripts = WHOLE | INTERIM | {path: script for path, (script, _) in CUT.items()} | SILENT
    server = RawServer(scripts, tls if request.param == "https" else None)
    with server.running():
        base = f"{request.param}://127.0.0.1:{server.port}"
        requests = [{"url": base + path, **REQUESTS.get(path, {})} for path in scripts]
        return crawl(tmp_path_factory.mktemp("wire"), server, requests, request.param)


@pytest.mark.parametrize("path", WHOLE)
def test_a_complete_exchange_is_recorded_to_the_byte(crawled: Crawled, path: str) -> None:
    [seen], [kept] = crawled.server.log[path], crawled.records[path]
    assert kept == Recorded(seen.received, bytes(seen.sent), None, "127.0.0.1")


@pytest.mark.parametrize("path", INTERIM)
def test_interim_responses_stay_out_of_the_record(crawled: Crawled, path: str) -> None:
    [seen], [kept] = crawled.server.log[path], crawled.records[path]
    assert kept == Recorded(seen.received, sized(b"lamps"), None, "127.0.0.1")
    assert seen.sent.endswith(kept.response)
    assert seen.sent != kept.response


@pytest.mark.parametrize("path", CUT)
def test_a_cut_exchange_is_recorded_up_to_the_cut(crawled: Crawled, path: str) -> None:
    [seen], [kept] = crawled.server.log[path], crawled.records[path]
    assert kept == Recorded(seen.received, bytes(seen.sent), CUT[path][1], "127.0.0.1")


@pytest.mark.parametrize("path", SILENT)
def test_a_response_without_a_head_has_no_record(crawled: Crawled, path: str) -> None:
    assert crawled.server.log[path]
    assert path not in crawled.records


@pytest.mark.parametrize(
    "check", [["warcio", "check"], ["fastwarc", "check", "-q"], ["gzip", "-t"]], ids=lambda words: words[0]
)
def test_standard_tools_accept_it(crawled: Crawled, check: list[str]) -> None:
    tool = Path(sys.executable).parent / check[0]
    subprocess.run([str(tool) if tool.exists() else check[0], *check[1:], crawled.path], check=True)


def test_its_index_is_that_of_cdxj_indexer_but_for_304(crawled: Crawled) -> None:
    tool = Path(sys.executable).parent / "cdxj-indexer"
    asked = [tool, "--sort", "--fields", "warc-record-id,warc-date", crawled.path]
    lines = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.splitlines()
    assert cdxj.index(crawled.path).splitlines() == [line for line in lines if '"status": "304"' not in line]
    assert len(lines) == len(WHOLE) + len(INTERIM) + len(CUT)


def test_fastwarc_rejects_only_heads_with_bare_line_feeds(crawled: Crawled) -> None:
    """It misses the end of such a head, so it finds another payload; warcio and the block digest agree with us."""
    _, failed = fastwarc_check(crawled.path)
    with crawled.path.open("rb") as file:
        addresses = {
            record.rec_headers.get_header("WARC-Target-URI").rpartition("/")[2]
            for record in ArchiveIterator(file)
            if record.rec_headers.get_header("WARC-Record-ID") in failed
        }
    assert addresses == {"lf-only"}


def test_the_record_through_a_proxy_has_the_request_to_the_proxy(tmp_path: Path) -> None:
    server = RawServer({"/plain": (sized(b"by proxy"),)})
    with server.running():
        proxy = f"http://127.0.0.1:{server.port}"
        asked = [{"url": "http://news.example/plain", "meta": {"proxy": proxy}}]
        done = crawl(tmp_path, server, asked, "http")
    [seen] = server.log["/plain"]
    [kept] = done.records["http://news.example/plain"]
    assert seen.received.startswith(b"GET http://news.example/plain HTTP/1.1\r\n")
    assert (kept.request, kept.response) == (seen.received, seen.sent)


def test_the_record_through_a_tunnel_has_only_the_exchange_with_the_site(tmp_path: Path, tls: ssl.SSLContext) -> None:
    server = RawServer({"/plain": (sized(b"by tunnel"),)}, tls)
    with server.running(), tunnel_proxy() as port:
        asked = [{"url": f"https://127.0.0.1:{server.port}/plain", "meta": {"proxy": f"http://127.0.0.1:{port}"}}]
        done = crawl(tmp_path, server, asked, "https")
    [seen] = server.log["/plain"]
    assert list(done.records) == ["/plain"]
    assert done.records["/plain"] == [Recorded(seen.received, bytes(seen.sent), None, "127.0.0.1")]


def test_a_stopped_download_is_recorded_up_to_the_stop(tmp_path: Path) -> None:
    server = RawServer({"/stop": (OK + b"Content-Length: 99\r\n\r\n", 1.0, b"late")})
    with server.running():
        done = crawl(tmp_path, server, [{"url": f"http://127.0.0.1:{server.port}/stop"}], "http")
    [kept] = done.records["/stop"]
    assert kept.response == OK + b"Content-Length: 99\r\n\r\n"
    assert kept.truncated == "unspecified"


def test_a_body_over_the_limit_is_recorded_up_to_the_limit(tmp_path: Path) -> None:
    server = RawServer({"/large": (OK + b"Content-Length: 8000000\r\n\r\n", *[bytes(1_000_000)] * 8)})
    with server.running():
        done = crawl(tmp_path, server, [{"url": f"http://127.0.0.1:{server.port}/large"}], "http")
    [kept] = done.records["/large"]
    assert kept.truncated == "length"
    assert bytes(server.log["/large"][0].sent).startswith(kept.response[:4_000_000])


def test_a_large_body_that_is_only_archived_needs_no_memory(tmp_path: Path) -> None:
    block = random.Random(7).randbytes(1_000_000)
    server = RawServer(
        {
            "/small": (sized(b"x"),),
            "/200-mb": (OK + b"Content-Length: 200000000\r\n\r\n", *[block] * 200),
        }
    )
    meta = {"only_read": "text/css", "download_maxsize": 0, "download_timeout": 60}
    with server.running():
        base = f"http://127.0.0.1:{server.port}"
        small = crawl(tmp_path / "small", server, [{"url": f"{base}/small"}], "http")
        large = crawl(tmp_path / "large", server, [{"url": f"{base}/200-mb", "meta": meta}], "http")
    [seen], [kept] = server.log["/200-mb"], large.records["/200-mb"]
    assert kept.response == seen.sent
    assert (kept.request, kept.truncated) == (seen.received, None)
    assert large.peak - small.peak < 30_000_000
    subprocess.run([Path(sys.executable).parent / "fastwarc", "check", "-q", "-p", large.path], check=True)


def test_a_stale_kept_connection_is_tried_again_and_recorded_once(tmp_path: Path) -> None:
    # The first answer keeps the connection, and the server closes it without a word when the next request comes.
    server = RawServer({"/plain": (sized(b"one"),), "/again": (sized(b"two"),)})
    answer: Callable[..., bool] = server._answer
    asked = 0

    def once_stale(stream: Any) -> bool:
        nonlocal asked
        asked += 1
        if asked == 2:
            stream.recv(65536)
            return False
        return answer(stream)

    server._answer = once_stale  # type: ignore[method-assign]
    with server.running():
        base = f"http://127.0.0.1:{server.port}"
        done = crawl(tmp_path, server, [{"url": f"{base}/plain"}, {"url": f"{base}/again"}], "http")
    [seen], [kept] = server.log["/again"], done.records["/again"]
    assert asked >= 3
    assert done.requests == 1 + sum(map(len, server.log.values())), "what was sent again counts"
    assert (kept.request, kept.response, kept.truncated) == (seen.received, seen.sent, None)
