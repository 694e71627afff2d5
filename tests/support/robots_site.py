"""A server that answers for many hosts, each with a robots.txt of its own: hostile and broken ones (RFC 9309)."""

import gzip
import json
import time
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import attrs

from tests.support.archive import Archive, Crawl

NO = b"User-agent: *\nDisallow: /a/\n"
FILL = b"# " + b"x" * 97 + b"\n"
OPEN, FORBIDDEN, UNREACHABLE = ("published", None), ("failed", "robots"), ("failed", "robots-unreachable")

Answer = tuple[int, bytes, dict[str, str]]
Answers = dict[str, Answer | Callable[[BaseHTTPRequestHandler], None]]


def text(body: bytes, **headers: str) -> Answer:
    return 200, body, headers


def to(location: str, status: int = 301) -> Answer:
    return status, b"", {"Location": location}


def filled(size: int, end: bytes) -> bytes:
    """Return a file of this size, with rules after it."""
    head = b"User-agent: *\n"
    return head + FILL * ((size - len(head)) // len(FILL)) + end


CASES: dict[str, tuple[Answer | None, tuple[str, str | None]]] = {
    **{f"s{status}": ((status, NO, {}), OPEN) for status in (400, 401, 403, 404, 410, 451)},
    **{f"s{status}": ((status, NO, {}), UNREACHABLE) for status in (500, 503, 599, 429, 206, 304, 300)},
    "nobody": (None, UNREACHABLE),  # Nothing listens there.
    "silent": ((0, b"", {}), UNREACHABLE),
    "cut": (text(NO, **{"Content-Length": "5000"}), UNREACHABLE),
    "five": (to("/1"), FORBIDDEN),
    "six": (to("/0"), UNREACHABLE),
    "loop": (to("/loop"), UNREACHABLE),
    "nowhere": (to("http://[oops/"), UNREACHABLE),
    "tofile": (to("file:///etc/passwd"), UNREACHABLE),
    "across": (to("//rules.example:PORT/robots.txt", 308), FORBIDDEN),
    "inside": (to("http://inside.test/robots.txt"), UNREACHABLE),
    "otherport": (to("http://other.test:PORT/robots.txt"), UNREACHABLE),
    "abroad": (to("http://abroad.test/robots.txt"), FORBIDDEN),  # On a host that the site file does not allow.
    "leaving": ((404, NO, {}), ("failed", "offsite")),  # Its article is there, too.
    "hugehead": (text(b"", **{"X-Huge": "h" * 1_200_000}), UNREACHABLE),
    "early": (text(filled(499 * 1024, b"Disallow: /a/\n") + FILL * 1000), FORBIDDEN),
    "late": (text(filled(501 * 1024, b"Disallow: /a/\n")), OPEN),
    "gzip": (text(gzip.compress(NO), **{"Content-Encoding": "gzip"}), FORBIDDEN),
    "bom": (text(b"\xef\xbb\xbf" + NO), FORBIDDEN),
    "crlf": (text(NO.replace(b"\n", b"\r\n")), FORBIDDEN),
    "cr": (text(NO.replace(b"\n", b"\r")), FORBIDDEN),
    "utf16": (text(NO.decode().encode("utf-16")), FORBIDDEN),
    "html": (text(b"<!DOCTYPE html><title>Not found</title><p>Disallow all</p>"), OPEN),
    "empty": (text(b""), OPEN),
    "binary": (text(bytes(range(256)) * 100), OPEN),
    "ours": (text(b"User-agent: *\nDisallow: /\n\nUser-Agent: PRESSMARK/9.9 (ours)\nDisallow: /search\n"), OPEN),
    "prefix": (text(b"User-agent: press\nDisallow: /\nUser-agent: pressmarks\nDisallow: /\n"), OPEN),
    "joined": (text(b"User-agent: pressmark\nAllow: /b\nUser-agent: pressmark\nDisallow: /a/\n"), FORBIDDEN),
    "agents": (text(b"".join(b"User-agent: a%d\n" % each for each in range(14_000)) + b"Disallow: /\n" * 20_000), OPEN),
    "stars": (text(filled(10, b"".join(b"Disallow: /*a*b%d\n" % each for each in range(20_000)))), OPEN),
    "delay9": (text(b"User-agent: *\nCrawl-delay: 1000000000\n"), OPEN),
    "negative": (text(b"User-agent: *\nCrawl-delay: -1\n"), OPEN),
    "nan": (text(b"User-agent: *\nCrawl-delay: NaN\nCrawl-delay: inf\nCrawl-delay: 1e999\n"), OPEN),
    "digits": (text("User-agent: *\nCrawl-delay: \u0663\u0663\n".encode()), OPEN),
    "endless": ((200, b"", {}), FORBIDDEN),
}


def article_of(case: str) -> str:
    return f"WS620eee0ba310cdd1c5c1{list(CASES).index(case):04x}"


@attrs.define
class Site:
    """A host for each case, all on one server."""

    archive: Archive
    folder: Path
    port: int
    answers: Answers
    """What `/robots.txt` of a host answers, by host; or any other page, by host and path."""
    asked: Counter[str]
    heads: dict[str, list[dict[str, str]]]
    cases: list[str] = attrs.field(factory=lambda: list(CASES))

    def crawl(self, **site: object) -> Crawl:
        names = {f"{case}.example": [["127.0.0.1"]] for case in [*CASES, "news", "rules"]}
        names |= {f"{name}.test": [["127.0.0.1"]] for name in ("other", "abroad")}
        names |= {"nobody.example": [["127.0.0.3"]], "inside.test": [["10.0.0.1"]]}
        (self.folder / "names.json").write_text(json.dumps(names))
        self.archive.set_site(
            origin=f"http://news.example:{self.port}",
            hosts=[f".example:{self.port}"],
            allow_addresses=["127.0.0.1/32", "127.0.0.3/32"],
            requisites={"number": 0, "size": 0},
            **{"politeness": POLITENESS, **site},
        )
        return self.archive.crawl(
            runner="tests.support.resolved_crawl",
            NAMES=str(self.folder / "names.json"),
            TRIED=str(self.folder / "tried"),
            PORT_80=str(self.port),
        )


POLITENESS = {"delay": 0, "concurrency": 4, "timeout": 3, "retries": 0, "longest_delay": 0.2}


class Handler(BaseHTTPRequestHandler):
    """Answers robots.txt as its host's case says, and any article with itself."""

    site: Site

    def do_GET(self) -> None:
        host = self.headers["Host"].partition(":")[0]
        self.site.asked[f"{host}{self.path}"] += 1
        self.site.heads.setdefault(f"{host}{self.path}", []).append(dict(self.headers.items()))
        answer = self.site.answers.get(f"{host}{self.path}") or self.robots(host) or self.page(host)
        if callable(answer):
            answer(self)
        else:
            self.answer(*answer)

    def robots(self, host: str) -> Answer | Callable[[BaseHTTPRequestHandler], None] | None:
        if self.path == "/robots.txt":
            return self.site.answers.get(host.removesuffix(".example"), (404, b"", {}))
        if self.path == "/loop":
            return to("/robots.txt")
        if self.path.strip("/").isdecimal():  # A chain of redirects, to a file that forbids.
            return to(f"/{int(self.path[1:]) + 1}", 302) if self.path != "/5" else text(NO)
        return None

    def page(self, host: str) -> Answer:
        if self.path == "/world/europe":
            return text(listing(self.site.cases).encode())
        if host == "news.example":
            target = list(CASES)[int(self.path.split("/")[-1][22:26], 16)]
            server = "abroad.test" if target == "leaving" else f"{target}.example:PORT"
            return to(f"http://{server}{self.path}?there", 302)
        article_id = self.path.split("/")[-1].split(".")[0]
        page = f'<meta name="contentid" content="{article_id}"><h1>Lamps</h1><div id="Content"><p>Lit.</p></div>'
        return text(page.encode())

    def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        if not status:
            time.sleep(4)
            return
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value.replace("PORT", str(self.site.port)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def endless(handler: BaseHTTPRequestHandler) -> None:
    """Say no, and never come to an end."""
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(NO)
    for _ in range(100_000):  # 10 GB
        try:
            handler.wfile.write(FILL * 1000)
        except OSError:
            return


def listing(cases: list[str]) -> str:
    links = (f"/a/202202/18/{article_of(case)}.html" for case in cases)
    return "".join(f'<div class="mb10 tw3_01_2 "><h4><a href="{link}">x</a></h4></div>' for link in links)


class Server(ThreadingHTTPServer):
    """Clients that go away are part of the tests."""

    def handle_error(self, *_: object) -> None:
        """Say nothing."""
