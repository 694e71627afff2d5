"""robots.txt of hostile and broken servers, over real HTTP, with one host for each case (RFC 9309)."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest

from pressmark.archive.s3.store import TEXT, WARC
from pressmark.archive.spool.segment import Segment
from pressmark.archive.warc import cdxj
from pressmark.model import keys
from pressmark.model.capture import Exchange
from tests.support.archive import Archive
from tests.support.robots_site import (
    CASES,
    NO,
    OPEN,
    POLITENESS,
    Answers,
    Handler,
    Server,
    Site,
    article_of,
    endless,
    text,
)

pytestmark = pytest.mark.long


@pytest.fixture
def site(archive: Archive, tmp_path: Path) -> Iterator[Site]:
    answers: Answers = {case: answer for case, (answer, _) in CASES.items() if answer}
    answers |= {"rules": text(NO), "abroad.test": text(NO), "endless": endless}
    made = Site(archive, tmp_path, 0, answers, Counter(), {})
    with Server(("127.0.0.1", 0), type("Made", (Handler,), {"site": made})) as server:
        made.port = server.server_port
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield made
        server.shutdown()


def test_each_answer_allows_forbids_or_is_unreachable(site: Site) -> None:
    began = time.monotonic()
    run = site.crawl(expect={"fewest": 1, "most": 100, "news": None})
    fates = {each["article_id"]: (each["outcome"], each.get("reason")) for each in run.manifest["articles"]}
    assert {case: fates[article_of(case)] for case in CASES} == {case: became for case, (_, became) in CASES.items()}
    assert (run.exit_code, run.manifest["ended"]) == (0, "complete")
    assert time.monotonic() - began < 100
    for case, (_, became) in CASES.items():
        path = f"{case}.example/a/202202/18/{article_of(case)}.html?there"
        assert site.asked[path] == (became is OPEN), f"{case}: nothing is asked that is not allowed"
    assert all(
        site.asked[f"{case}.example/robots.txt"] == 1 for case in CASES if case not in {"nobody", "loop", "leaving"}
    )
    abroad = {address for address in site.asked if address.startswith("abroad.test")}
    assert abroad == {"abroad.test/robots.txt"}, "another host is asked for a robots.txt alone"
    tried = (site.folder / "tried").read_text()
    assert "10.0.0.1" not in tried, "a robots.txt leads nowhere inside either"
    messages = [line["message"] for line in run.log if "longest_delay" in line["message"]]
    assert messages == [
        "robots.txt of delay9.example asks for 1e+09 s between two requests: waiting 0.2 s (`politeness.longest_delay`)"
    ]
    [message] = [each["message"] for each in run.manifest["articles"] if each["article_id"] == article_of("s503")]
    assert message == (
        f"http://s503.example:{site.port}/robots.txt can't be read (http://s503.example:{site.port}/robots.txt answers "
        "503), so no request to its host is allowed (RFC 9309, 2.3.1.4)"
    )


def test_a_listing_whose_robots_is_unreachable_fails_the_run_and_may_be_tried_again(site: Site) -> None:
    site.answers["news"] = (503, b"", {})
    run = site.crawl()
    assert (run.exit_code, run.manifest["ended"]) == (4, "failed")
    assert run.error is not None
    assert run.error["type"] == "RunFailed", "and not CrawlRefused, which is final: the site did not say no"
    assert "/robots.txt can't be read" in run.error["message"]
    assert set(site.asked) == {"news.example/robots.txt"}


def keep(site: Site, age: timedelta, body: bytes, url: str = "") -> None:
    """Archive a robots.txt of the listing's host as a crawl of that time did."""
    at = datetime.now(UTC) - age
    head = f'HTTP/1.1 200 OK\r\nETag: "one"\r\nContent-Length: {len(body)}\r\n\r\n'
    exchange = Exchange(
        url=url or f"http://news.example:{site.port}/robots.txt",
        request_head=b"GET /robots.txt HTTP/1.1\r\n\r\n",
        response_head=head.encode(),
        response_body=BytesIO(body),
        size=len(body),
        status=200,
        started_at=at,
        seconds=0.1,
    )
    segment = Segment(site.folder / f"kept{age.total_seconds()}", "newsroom", "kept", 1, {"software": "test"})
    segment.write(exchange)
    done = segment.seal()
    key = keys.segment("newsroom", at, done.path.name)
    site.archive.store.put_file(key, done.path, done.sha256, WARC)
    site.archive.store.put(cdxj.index_key(key), done.index.encode(), TEXT)


def test_the_last_copy_serves_while_robots_is_unreachable(site: Site) -> None:
    site.cases = ["s404"]
    site.answers["news"] = text(b"User-agent: *\nDisallow: /search\n", ETag='"two"')
    assert site.crawl(expect=FEW).manifest["ended"] == "complete"
    assert "If-None-Match" not in site.heads["news.example/robots.txt"][0]

    site.answers["news"] = (304, b"", {"ETag": '"two"'})
    assert site.crawl(expect=FEW).manifest["ended"] == "complete"
    assert site.heads["news.example/robots.txt"][1]["If-None-Match"] == '"two"', (
        "it is asked for each run, conditionally"
    )

    for unreachable in [(503, b"", {}), (503, b"", {}), text(b"", **{"X-Huge": "h" * 1_200_000})]:
        # The second finds the 503 of the first among today's captures.
        site.answers["news"] = unreachable
        run = site.crawl(expect=FEW)
        assert (run.exit_code, run.manifest["ended"]) == (0, "complete")
        messages = [line["message"] for line in run.log if line["message"].startswith("http://news.example")]
        assert [each for each in messages if "using the copy of" in each]

    site.answers["news"] = text(b"User-agent: *\nDisallow: /world/\n", ETag='"three"')
    run = site.crawl(expect=FEW)
    assert run.error is not None
    assert run.error["type"] == "CrawlRefused", "as soon as it answers, its word holds"


FEW = {"fewest": 1, "most": 100, "news": None}


@pytest.mark.parametrize(("hours", "ended"), [(1, "complete"), (23.9, "complete"), (24.1, "failed"), (47, "failed")])
def test_a_copy_serves_for_24_hours(site: Site, hours: float, ended: str) -> None:
    site.cases = ["s404"]
    keep(site, timedelta(hours=hours), b"User-agent: *\nDisallow: /search\n")
    site.answers["news"] = (500, b"", {})
    assert site.crawl(expect=FEW).manifest["ended"] == ended
    asked_conditionally = "If-None-Match" in site.heads["news.example/robots.txt"][0]
    assert asked_conditionally == (hours < 12), (
        "an older copy is fetched again, so that there is a younger one to serve"
    )


def test_a_copy_that_cannot_be_read_is_none(site: Site) -> None:
    site.cases = ["s404"]
    keep(site, timedelta(hours=1), b"User-agent: *\nDisallow: /search\n")
    [key] = [key for key in site.archive.store.keys("warc/") if key.endswith(".gz")]
    site.archive.store.put(key, b"\x00" * 2000)
    site.answers["news"] = (500, b"", {})
    run = site.crawl(expect=FEW)
    assert (run.exit_code, run.manifest["ended"]) == (4, "failed")


@pytest.mark.parametrize(
    ("path", "status", "said", "asked"),
    [
        ("/robots.txt", 429, "9" * 400, 1),
        ("/robots.txt", 429, "Fri, 31 Dec 2999 23:59:59 GMT", 1),
        ("/world/europe", 503, "1", 2),
    ],
)
def test_a_site_that_asks_for_more_peace_than_it_may_is_left_alone(
    site: Site, path: str, status: int, said: str, asked: int
) -> None:
    site.cases = ["s404"]
    site.answers[f"news.example{path}"] = (status, b"", {"Retry-After": said})
    began = time.monotonic()
    run = site.crawl(politeness={**POLITENESS, "retries": 2})
    assert time.monotonic() - began < 60
    assert run.error is not None
    assert run.error["type"] == "CrawlRefused"
    assert f"{path} answers {status} and asks for" in run.error["message"]
    assert "politeness.longest_delay" in run.error["message"]
    assert (run.manifest["ended"], run.manifest["failure"]) == ("failed", "CrawlRefused")
    assert site.asked.total() == asked, "neither this again, nor anything else"


@pytest.mark.parametrize("said", ["-5", "NaN", "\xb2"])
def test_a_wait_that_is_none_is_none(site: Site, said: str) -> None:
    site.cases = ["s404"]
    site.answers["news"] = (429, b"", {"Retry-After": said})
    run = site.crawl(politeness={**POLITENESS, "retries": 2})
    assert run.error is not None
    assert run.error["type"] == "RunFailed"
    assert site.asked == {"news.example/robots.txt": 3}
