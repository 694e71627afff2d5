"""Crawls whose bucket fails behind a proxy: they end complete, or at once with words, and judge nothing."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from pressmark.jobs.audit.verify import verify_run
from pressmark.local.s3server import RunningS3
from pressmark.model import keys
from tests.conftest import fresh_bucket
from tests.integration.test_bad_input import QUICK
from tests.integration.test_released_bucket import archive as released  # noqa: F401 - a fixture
from tests.support.archive import READABLE, Archive, Crawl
from tests.support.s3_proxy import Answer, Fault, Proxy, Request, error, of, proxied

pytestmark = pytest.mark.long

HTML = Answer(200, {"Content-Type": "text/html", "Content-Length": "20"}, b"<html>Log in</html>\n")
BUSY = [
    error(429, "TooManyRequests"),
    error(503, "SlowDown", Retry_After="1"),
    error(500, "InternalError"),
    error(400, "RequestTimeout"),
    error(409, "OperationAborted"),
    error(403, "RequestTimeTooSkewed"),
    error(400, "ExpiredToken"),
]
SHARE = 0.2
"""Of the requests that fail."""


@pytest.fixture
def proxy(s3: RunningS3) -> Iterator[Proxy]:
    with proxied(s3.endpoint) as running:
        yield running


def without_length(answer: Answer) -> Answer:
    kept = {name: value for name, value in answer.headers.items() if name.lower() != "content-length"}
    return attrs.evolve(answer, headers=kept)


def half(answer: Answer) -> Answer:
    """Return an answer that looks whole, by a length that is right, and is not."""
    body = answer.body[: len(answer.body) // 2]
    return attrs.evolve(answer, body=body, headers=answer.headers | {"Content-Length": str(len(body))})


def random_fault(chance: random.Random, request: Request) -> Fault | None:
    """Return a fault of a kind that this request can meet; none to most."""
    if chance.random() > SHARE:
        return None
    reached = chance.random() < 0.5
    cut = Fault(cut=-chance.randrange(1, 200), reset=chance.random() < 0.5)
    kinds = [Fault(answer=chance.choice(BUSY), reaches_server=reached), cut, Fault(cut=chance.randrange(60))]
    if request.method == "PUT":
        kinds += [Fault(answer=error(400, "BadDigest"), reaches_server=False), Fault(read=chance.randrange(400))]
    if request.method == "GET":
        failed = attrs.evolve(error(200, "InternalError"), status=200)
        kinds += [Fault(answer=HTML), Fault(answer=failed), Fault(alter=half), Fault(alter=without_length, cut=-20)]
    return chance.choice(kinds)


def published(archive: Archive) -> dict[str, str]:
    return {key: each["pressmark"]["contentSha256"] for key, each in archive.documents().items()}


def test_a_crawl_through_random_faults_is_as_one_without(
    archive: Archive, proxy: Proxy, s3: RunningS3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.set_site(**QUICK)
    assert archive.crawl().exit_code == 0
    clean = published(archive)

    store = attrs.evolve(archive.store, bucket=fresh_bucket(s3, monkeypatch))
    faulty = attrs.evolve(archive, store=store)
    chance, met = random.Random(19), Counter[str]()

    def rule(request: Request) -> Fault | None:
        fault = random_fault(chance, request)
        met[request.method] += bool(fault)
        return fault

    proxy.rule = rule
    there = {"AWS_ENDPOINT_URL_S3": proxy.endpoint, "PRESSMARK_SPOOL": str(tmp_path / "other")}
    run = faulty.finish(*faulty.start(**there, PRESSMARK_SEGMENT_BYTES="60000"), within=300)
    assert (run.exit_code, run.manifest["ended"], run.counts["published"]) == (0, "complete", READABLE)
    assert met["GET"] > 3
    assert met["PUT"] > 10
    assert published(faulty) == clean
    listed = [each["key"] for each in run.manifest["objects"]]
    assert len(listed) == len(set(listed))
    assert list(store.keys(keys.SILENT_EDITS)) == []
    assert verify_run(store, run.manifest_key or "") == []
    assert not any("Traceback" in line["message"] for line in run.log)


GONE = {
    "gone": (error(404, "NoSuchBucket"), "no such bucket"),
    "forbidden": (error(403, "AccessDenied"), "policy"),
}


@pytest.mark.parametrize("since", ["start", "read", "written"])
@pytest.mark.parametrize(("answer", "words"), GONE.values(), ids=GONE)
def test_a_bucket_that_is_gone_or_forbidden_ends_the_crawl_at_once(
    archive: Archive, proxy: Proxy, answer: Answer, words: str, since: str
) -> None:
    archive.set_site(**QUICK)
    begins = {
        "start": lambda request: True,
        "read": of("GET", "prefix=articles"),
        "written": of("PUT", "/warc/"),
    }[since]
    refused: list[float] = []

    def rule(request: Request) -> Fault | None:
        if refused or begins(request):
            refused.append(time.monotonic())
            return Fault(answer=answer, reaches_server=False)
        return None

    proxy.rule = rule
    run = archive.crawl(AWS_ENDPOINT_URL_S3=proxy.endpoint)
    took = time.monotonic() - refused[0]
    assert took < 30, "minutes, where it is asked for again"
    assert len(refused) < 20, "what is refused is not asked for again"
    assert (run.exit_code, run.manifest_key) == (3, None)
    assert run.error
    assert run.error["type"] == "BucketRefused"
    if since != "start":
        assert words in run.error["message"]
    assert not any("Traceback" in line["message"] for line in run.log)
    proxy.rule = lambda request: None
    after = archive.crawl()
    assert after.exit_code == 0
    assert len(published(archive)) == READABLE


def test_without_if_none_match_a_crawl_is_refused_and_nothing_is_put_otherwise(archive: Archive, proxy: Proxy) -> None:
    archive.set_site(**QUICK)
    refused = Fault(answer=error(501, "NotImplemented"), reaches_server=False)
    proxy.rule = lambda request: refused if "if-none-match" in request.headers else None
    run = archive.crawl(AWS_ENDPOINT_URL_S3=proxy.endpoint)
    assert (run.exit_code, run.manifest_key) == (3, None)
    assert run.error
    assert (run.error["type"], "If-None-Match" in run.error["message"]) == ("BucketRefused", True)
    puts = [each for each in proxy.requests if of("PUT", "/(articles|rejected|warc)/")(each)]
    assert puts
    assert all(each.headers.get("if-none-match") == "*" for each in puts)
    assert not archive.documents()


CUTS = {
    "ended": Fault(cut=-25),
    "without a length": Fault(alter=without_length, cut=-25),
    "by half, with a length": Fault(alter=half),
    "reset": Fault(cut=-25, reset=True),
    "among the headers": Fault(cut=150),
}


def rechecked(archive: Archive, proxy: Proxy, fault: Fault, number: int) -> tuple[Crawl, Counter[str]]:
    """Crawl a bucket of an older release; the first GETs of each stored document and capture are cut."""
    left: dict[str, int] = {}
    cut = Counter[str]()

    def rule(request: Request) -> Fault | None:
        if not of("GET", "/(articles|warc)/.*(json|gz)")(request):
            return None
        place = request.path + request.headers.get("range", "")
        left[place] = left.get(place, number) - 1
        if left[place] < 0:
            return None
        cut[request.path.split("/")[2]] += 1
        return fault

    proxy.rule = rule
    return archive.crawl("--recheck", AWS_ENDPOINT_URL_S3=proxy.endpoint), cut


@pytest.mark.parametrize("fault", CUTS.values(), ids=CUTS)
def test_stored_captures_that_are_cut_are_no_edits(released: Archive, proxy: Proxy, fault: Fault) -> None:  # noqa: F811
    run, cut = rechecked(released, proxy, fault, 2)
    assert (cut["articles"] > 10, cut["warc"] > 10) == (True, True)
    assert run.exit_code == 0
    names = ("published", "updated", "silent_edit", "unchanged")
    assert [run.counts[name] for name in names] == [0, 0, 0, 26]
    assert list(released.store.keys(keys.SILENT_EDITS)) == []
