"""A run reads all its captures before it ends, whatever ended it: the site may change before the next one."""

import signal
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import unquote

import pytest

from pressmark.archive.bucket import manifest
from pressmark.jobs.audit.verify import verify_runs
from pressmark.local.s3server import RunningS3
from pressmark.model import keys
from tests.support.archive import READABLE, SECTION, Archive, Crawl
from tests.support.process_tree import children, module
from tests.support.s3_proxy import Fault, Request, proxied
from tests.support.tools import until


def _asks_for_edits(request: Request) -> bool:
    """Return whether a request lists silent edits, as for a known version with new content."""
    return request.method == "GET" and keys.SILENT_EDITS in unquote(request.query) + request.path


def _until_the_segment_is_uploaded() -> Callable[[Request], Fault | None]:
    """Return a rule that makes listing edits fail until the crawl has ended."""
    uploaded: list[Request] = []

    def rule(request: Request) -> Fault | None:
        if request.method == "PUT" and "/warc/" in request.path:
            uploaded.append(request)
        return Fault(cut=-20) if _asks_for_edits(request) and not uploaded else None

    return rule


@pytest.fixture
def edited(archive: Archive) -> str:
    """Crawl, and then change what an article says beneath its time; return its id."""
    archive.crawl()
    archive.newsroom.advance(timedelta(hours=1))
    newest = archive.newsroom.article_id(-1)
    archive.newsroom.edit_silently(newest)
    return newest


def test_the_bucket_fails_while_a_captured_page_is_compared(archive: Archive, s3: RunningS3, edited: str) -> None:
    with proxied(s3.endpoint) as proxy:
        proxy.rule = _until_the_segment_is_uploaded()
        failed = archive.crawl("--recheck", AWS_ENDPOINT_URL_S3=proxy.endpoint, PRESSMARK_PATIENCE="1")
    assert (failed.exit_code, failed.manifest["failure"]) == (3, "BucketUnreachable")
    assert any("captured and not read" in line["message"] for line in failed.log)
    [of_article] = [each for each in failed.manifest["articles"] if each["article_id"] == edited]
    assert of_article["outcome"] == "silent_edit"
    assert list(archive.store.keys(keys.SILENT_EDITS)) == [of_article["key"]]
    _is_whole(archive, failed, archive.crawl("--recheck"))


@pytest.mark.long
def test_one_unreadable_object_blocks_no_other(archive: Archive, s3: RunningS3, edited: str) -> None:
    new = archive.newsroom.publish()
    with proxied(s3.endpoint) as proxy:
        proxy.rule = lambda request: Fault(cut=-20) if _asks_for_edits(request) else None
        runs = [
            archive.crawl("--recheck", AWS_ENDPOINT_URL_S3=proxy.endpoint, PRESSMARK_PATIENCE="1") for _ in range(2)
        ]
    assert [run.exit_code for run in runs] == [3, 3]
    assert [run.manifest["ended"] for run in runs] == ["failed", "failed"]
    assert any(new in key for key in archive.documents())
    assert any("is left to the next visit" in line["message"] and edited in line["message"] for line in runs[0].log)
    _is_whole(archive, *runs, archive.crawl("--recheck"))


def test_a_crawl_is_stopped_while_captured_pages_wait_to_be_read(archive: Archive) -> None:
    archive.crawl()
    archive.newsroom.advance(timedelta(hours=1))
    for article_id in archive.newsroom.ids():
        archive.newsroom.update(article_id)
    archive.set_site(politeness={"delay": 0.3, "concurrency": 1, "timeout": 10})
    process, reader = archive.started(3, "--recheck")
    until(lambda: "pressmark.extract.page_reader_process" in map(module, children(process)))
    [reading] = [each for each in children(process) if module(each) == "pressmark.extract.page_reader_process"]
    reading.suspend()
    asked = archive.newsroom.requests.total
    until(lambda: archive.newsroom.requests.total > asked + 2)
    process.send_signal(signal.SIGTERM)
    stopped = archive.finish(process, reader)
    assert (stopped.exit_code, stopped.manifest["ended"]) == (0, "interrupted")
    assert any("captured and not read" in line["message"] for line in stopped.log)
    assert 0 < stopped.counts["updated"] == len(archive.documents()) - READABLE
    archive.set_site()
    _is_whole(archive, stopped, archive.crawl("--recheck"))


def _is_whole(archive: Archive, *runs: Crawl) -> None:
    """The last run is complete, and each object of all runs is listed once and verified."""
    assert runs[-1].manifest["ended"] == "complete"
    keys_of_runs = list(manifest.below(archive.store, f"{SECTION}/"))
    assert [each for each in verify_runs(archive.store, keys_of_runs, full=True) if each.grave] == []
    listed = [each["key"] for run in runs for each in run.manifest["segments"] + run.manifest["objects"]]
    assert len(listed) == len(set(listed))
