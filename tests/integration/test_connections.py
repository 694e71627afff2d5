"""The addresses that a crawl connects to, for hostile pages, redirects and names; nothing here leaves the loopback."""

import json
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.support.archive import Archive, Crawl

CASES = {
    name: f"WS620eee0ba310cdd1c5c1d2{number:02x}"
    for number, name in enumerate(
        [
            "plain",
            "other_port",
            "mapped_port",
            "user",
            "user_here",
            "inner",
            "metadata",
            "mapped",
            "private6",
            "rebinding",
            "after_retry",
            "mixed",
            "literal",
            "decimal",
            "backslash",
            "spelled",
            "idn",
            "unknown",
        ]
    )
}
"""Articles by what is wrong with them, each listed by the site."""


def path_of(case: str) -> str:
    return f"/a/202202/18/{CASES[case]}.html"


@attrs.define
class World:
    """A site on 127.0.0.1, what listens beside it, and the names of all."""

    archive: Archive
    folder: Path
    port: int
    other: int
    """A port of the site's own address where something else listens, as an S3 server would."""
    asked: Counter[str]
    """Requests that the site saw, by host and path."""
    strangers: list[str] = attrs.field(factory=list)
    """Connections to where none may go."""

    def crawl(self, **names: list[list[str]]) -> Crawl:
        """Crawl, with these addresses for names of `.example` at each time they are asked for."""
        known = {f"{name.replace('_', '-')}.example": times for name, times in names.items()}
        (self.folder / "names.json").write_text(json.dumps({"news.example": [["127.0.0.1"]], **known}))
        return self.archive.crawl(
            runner="tests.support.resolved_crawl",
            NAMES=str(self.folder / "names.json"),
            TRIED=str(self.folder / "tried"),
        )

    def tried(self) -> set[str]:
        """Return the addresses that a connection was tried to, but for the bucket's."""
        return {line.split()[0] for line in (self.folder / "tried").read_text().splitlines()}


def site_of(redirects: dict[str, str], asked: Counter[str]) -> type[BaseHTTPRequestHandler]:
    class Site(BaseHTTPRequestHandler):
        """Lists all cases; each redirects as `redirects` says, or is an article."""

        def do_GET(self) -> None:
            host = (self.headers["Host"] or "").partition(":")[0]
            asked[f"{host}{self.path}"] += 1
            if self.path == path_of("after_retry") and asked[f"{host}{self.path}"] == 1:
                self.answer(503, b"")
            elif location := redirects.get(self.path):
                self.answer(302, b"", Location=location)
            elif self.path == "/world/europe":
                links = "".join(
                    f'<div class="mb10 tw3_01_2 "><h4><a href="{path_of(case)}">x</a></h4></div>' for case in CASES
                )
                away = f"http://news.example:{redirects['port']}/a/202202/18/WS620eee0ba310cdd1c5c1d2ff.html"
                self.answer(200, f'{links}<div class="mb10 tw3_01_2 "><h4><a href="{away}">x</a></h4></div>'.encode())
            elif self.path.startswith("/a/"):
                article_id = self.path.split("/")[-1].split(".")[0]
                requisites = (
                    f'<link rel="stylesheet" href="http://news.example:{redirects["port"]}/s.css">'
                    f'<img src="http://inner.example:{self.server.server_port}/i.png">'  # type: ignore[attr-defined]
                    f'<img src="http://u@news.example:{self.server.server_port}/u.png">'  # type: ignore[attr-defined]
                )
                page = f'<meta name="contentid" content="{article_id}">{requisites if "d200" in article_id else ""}'
                self.answer(200, f'{page}<h1>Lamps</h1><div id="Content"><p>Lit.</p></div>'.encode())
            else:
                self.answer(404, b"")

        def answer(self, status: int, body: bytes, **headers: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Connection", "close")  # Each request resolves the name again.
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Site


@contextmanager
def listening(address: str, port: int, seen: list[str]) -> Iterator[int]:
    """Listen where nobody may connect to, and note who does."""
    with socket.create_server((address, port)) as server:

        def accept() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                seen.append(address)
                connection.close()

        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1]


@pytest.fixture
def world(archive: Archive, tmp_path: Path) -> Iterator[World]:
    redirects: dict[str, str] = {}
    asked: Counter[str] = Counter()
    strangers: list[str] = []
    with ThreadingHTTPServer(("127.0.0.1", 0), site_of(redirects, asked)) as server:
        port = server.server_port
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with listening("127.0.0.1", 0, strangers) as other, listening("127.0.0.2", port, strangers):
            targets = {
                "other_port": f"http://news.example:{other}/minio/",
                "mapped_port": f"http://127.0.0.1:{other}/",
                "user": f"http://news.example@inner.example:{port}/",
                "user_here": f"http://user:pass@news.example:{port}{path_of('plain')}",
                "inner": f"http://inner.example:{port}/",
                "metadata": f"http://metadata.example:{port}/latest/meta-data/",
                "mapped": f"http://mapped.example:{port}/",
                "private6": f"http://private6.example:{port}/",
                "rebinding": f"http://rebinding.example:{port}{path_of('rebinding')}?there",
                "after_retry": f"http://127.0.0.1:{other}/",
                "mixed": f"http://mixed.example:{port}{path_of('mixed')}?there",
                "literal": f"http://127.0.0.2:{port}/",
                "decimal": f"http://2130706434:{port}/",
                "backslash": f"http://inner.example\\@news.example:{port}/",
                "spelled": f"HTTP://NEWS.EXAMPLE.:{port}{path_of('spelled')}?there",
                "idn": f"http://xn--bcher-kva.example:{port}{path_of('idn')}?there",
                "unknown": f"http://unknown.example:{port}/",
            }
            redirects |= {path_of(case): target for case, target in targets.items()} | {"port": str(other)}
            archive.set_site(
                origin=f"http://news.example:{port}",
                hosts=[f".example:{port}", f"127.0.0.2:{port}"],
                allow_addresses=["127.0.0.1/32"],
                politeness={"delay": 0, "concurrency": 1, "timeout": 10, "retries": 1},
            )
            yield World(archive, tmp_path, port, other, asked, strangers)
        server.shutdown()


NAMES: dict[str, Any] = {
    "inner": [["127.0.0.2"]],
    "metadata": [["169.254.169.254", "fd00:ec2::254"]],
    "mapped": [["::ffff:127.0.0.2", "64:ff9b::7f00:2"]],
    "private6": [["fd12::1", "10.0.0.1", "::1"]],
    "rebinding": [["127.0.0.1"], ["127.0.0.2"]],  # Once for robots.txt, then for the page.
    "mixed": [["10.0.0.1", "127.0.0.2", "127.0.0.1"]],
    "xn__bcher_kva": [["127.0.0.1"]],
}


@pytest.mark.slow
def test_nothing_is_asked_but_the_sites_own_hosts_and_ports_at_allowed_addresses(world: World) -> None:
    run = world.crawl(**NAMES)
    became = {each["article_id"]: (each["outcome"], each.get("reason")) for each in run.manifest["articles"]}
    offsite, refused = ("failed", "offsite"), ("failed", "address-refused")
    published = ("published", None)
    assert {case: became[article_id] for case, article_id in CASES.items()} == {
        "plain": published,
        "other_port": offsite,
        "mapped_port": offsite,
        "user": ("failed", "userinfo"),
        "user_here": ("failed", "userinfo"),
        "inner": refused,
        "metadata": refused,
        "mapped": refused,
        "private6": refused,
        "rebinding": refused,
        "after_retry": offsite,
        "mixed": published,
        "literal": refused,
        "decimal": refused,
        "backslash": became[CASES["backslash"]],  # Clients differ; that it went nowhere is looked at below.
        "spelled": published,
        "idn": published,
        "unknown": ("failed", "robots-unreachable"),  # Nobody knows what its robots.txt says.
    }
    assert became[CASES["backslash"]][0] == "failed"
    assert (run.exit_code, run.manifest["ended"]) == (0, "complete"), "a refusal fails no run"
    assert world.tried() == {"127.0.0.1"}
    assert world.strangers == []
    assert world.asked[f"news.example{path_of('spelled')}?there"] == 1, "asked in the one spelling"
    [message] = [each["message"] for each in run.manifest["articles"] if each["article_id"] == CASES["inner"]]
    assert message == (
        "inner.example: 127.0.0.2 is a loopback address: only public addresses are allowed, and those of "
        "`allow_addresses` in the site file"
    )
    assert run.manifest["elsewhere"] == [
        f"http://news.example:{world.other}/a/202202/18/WS620eee0ba310cdd1c5c1d2ff.html"
    ]
    requisites = run.manifest["requisites"]
    assert requisites["failed"] == 1, "the picture at an address that is refused"
    assert requisites["refused"] >= 2, "the stylesheet on another port, and the picture with a user"


@pytest.mark.slow
def test_a_site_at_a_private_address_says_what_to_do(world: World) -> None:
    run = world.crawl(news=[["10.0.0.1", "127.0.0.2"]])
    assert run.exit_code == 4
    assert run.error is not None
    assert "10.0.0.1 is a private address" in run.error["message"]
    assert "`allow_addresses`" in run.error["message"]
    assert (world.tried() - {"127.0.0.1"}, world.strangers) == (set(), [])
