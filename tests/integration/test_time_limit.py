"""A crawl ends in time for any site: slow bytes, long waits, endless delays."""

import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import attrs
import pytest

from pressmark.jobs.audit.verify import verify_run
from tests.support.archive import Archive

IDS = [f"WS620eee0ba310cdd1c5c1d2{number:02x}" for number in range(12)]
GENTLE = {"delay": 0, "concurrency": 2, "timeout": 60, "retries": 2, "longest_delay": 50}
STOPS_WITHIN = 20
"""Seconds, on a machine that has much else to do: far from the 50 that each wait here takes."""


@attrs.define
class Slow:
    """A site that takes its time."""

    archive: Archive
    port: int = 0
    robots: bytes = b""
    slow: str = "drip"
    """What its articles do, but for the first that is asked for: `drip` a byte now and then, or ask to `wait`."""
    asked: Counter[str] = attrs.field(factory=Counter)

    def set_site(self, **section: Any) -> None:
        europe = {"name": "Europe", "path": "/world/europe", "schedule": None, "pages": 1, **section}
        self.archive.set_site(
            origin=f"http://127.0.0.1:{self.port}",
            politeness=GENTLE,
            requisites={"number": 0, "size": 0},
            sections={"world/europe": europe},
        )


class Handler(BaseHTTPRequestHandler):
    """The article that is asked for first is quick."""

    site: Slow

    def do_GET(self) -> None:
        self.site.asked[self.path] += 1
        if self.path == "/robots.txt":
            self.answer(self.site.robots)
        elif self.path == "/world/europe":
            links = (f'<a href="/a/202202/18/{each}.html">x</a>' for each in IDS)
            self.answer("".join(f'<div class="mb10 tw3_01_2 "><h4>{link}</h4></div>' for link in links).encode())
        elif self.path == next(path for path in self.site.asked if path.startswith("/a/")):
            article_id = self.path.split("/")[-1].split(".")[0]
            page = f'<meta name="contentid" content="{article_id}"><h1>Lamps</h1><div id="Content"><p>Lit.</p></div>'
            self.answer(page.encode())
        elif self.site.slow == "drip":
            self.drip()
        else:
            self.send_response(503)
            self.send_header("Retry-After", "49")
            self.send_header("Content-Length", "0")
            self.end_headers()

    def answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        for _ in range(600):
            try:
                self.wfile.write(b"x")
                self.wfile.flush()
            except OSError:
                return
            time.sleep(0.5)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: object) -> None:
        """Clients go away here."""


@pytest.fixture
def slow(archive: Archive) -> Iterator[Slow]:
    made = Slow(archive)
    with Server(("127.0.0.1", 0), type("Made", (Handler,), {"site": made})) as server:
        made.port = server.server_port
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield made
        server.shutdown()


@pytest.mark.long
def test_a_site_that_drips_keeps_no_crawl_beyond_its_time_limit(slow: Slow) -> None:
    slow.set_site(deadline="PT1M", time_limit="PT20S")
    run = slow.archive.crawl()
    took = datetime.fromisoformat(run.manifest["ended_at"]) - datetime.fromisoformat(run.manifest["started_at"])
    assert (run.exit_code, run.manifest["ended"], run.manifest["failure"]) == (0, "interrupted", None)
    assert run.manifest["reason"].startswith("its time limit of 0:00:20 is over (`time_limit` of the section")
    assert 20 <= took.total_seconds() < 20 + STOPS_WITHIN, (
        "and not the 60 s of one download, three times, for each article"
    )
    fates = {each["article_id"]: (each["outcome"], each.get("reason")) for each in run.manifest["articles"]}
    assert sorted(outcome for outcome, _ in fates.values()) == ["failed"] * (len(IDS) - 1) + ["published"]
    assert {reason for _, reason in fates.values()} <= {None, "interrupted", "timeout", "network"}
    assert verify_run(slow.archive.store, run.manifest_key or "") == []


@pytest.mark.long
@pytest.mark.parametrize("why", ["Retry-After", "Crawl-delay"])
def test_a_waiting_crawl_ends_as_soon_as_it_is_stopped(slow: Slow, why: str) -> None:
    slow.set_site()
    slow.slow = "wait"
    if why == "Crawl-delay":
        slow.robots = b"User-agent: *\nCrawl-delay: 49\n"
    process, reader = slow.archive.start()
    while slow.asked.total() < (1 if why == "Crawl-delay" else 4):  # An article or two are waiting then.
        assert process.poll() is None
        time.sleep(0.1)
    time.sleep(2)  # It is waiting by then; were it not, it would have even less to wait for.
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    run = slow.archive.finish(process, reader)
    assert time.monotonic() - began < STOPS_WITHIN
    assert (run.exit_code, run.manifest["ended"]) == (0, "interrupted")
    assert run.manifest["reason"] is None, "it was stopped"
    reasons = {each.get("reason") for each in run.manifest["articles"] if each["outcome"] == "failed"}
    assert reasons <= {"interrupted"}
