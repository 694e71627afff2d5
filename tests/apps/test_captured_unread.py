"""What a run captured and could not read before it ended is read by the next one: the site may not have it any more."""

import signal
from datetime import timedelta
from urllib.parse import unquote

from apps.s3server import RunningS3
from pressmark.archive import keys, manifest
from pressmark.archive.verify import verify_runs
from tests.apps.conftest import READABLE, SECTION, Archive, Crawl
from tests.process_tree import children, module
from tests.s3_proxy import Fault, Request, proxied
from tests.tools import until


def test_the_bucket_fails_while_a_captured_page_is_compared(archive: Archive, s3: RunningS3) -> None:
    newest = archive.newsroom.article_id(-1)
    archive.crawl()
    archive.newsroom.advance(timedelta(hours=1))
    archive.newsroom.edit_silently(newest)

    def rule(request: Request) -> Fault | None:
        """Let nobody know what edits there are: it is asked when a known version says something new."""
        is_compared = request.method == "GET" and keys.SILENT_EDITS in unquote(request.query) + request.path
        return Fault(cut=-20) if is_compared else None

    with proxied(s3.endpoint) as proxy:
        proxy.rule = rule
        failed = archive.crawl("--recheck", AWS_ENDPOINT_URL_S3=proxy.endpoint, PRESSMARK_PATIENCE="1")
    assert (failed.exit_code, failed.manifest["failure"]) == (3, "BucketUnreachable")
    [edited] = [each for each in failed.manifest["articles"] if each["article_id"] == newest]
    assert (edited["outcome"], edited["reason"]) == ("failed", "unfinished")
    _edit_all(archive)
    after = archive.crawl("--recheck")
    [edit] = archive.store.keys(keys.SILENT_EDITS)
    assert newest in edit
    assert len(archive.documents()) == 2 * READABLE
    _is_whole(archive, failed, after)


def test_a_crawl_is_stopped_while_captured_pages_wait_to_be_read(archive: Archive) -> None:
    archive.crawl()
    _edit_all(archive)
    archive.set_site(politeness={"delay": 0.3, "concurrency": 1, "timeout": 10})
    process, reader = archive.started(3, "--recheck")
    until(lambda: "spiders.page_reader_process" in map(module, children(process)))
    [reading] = [each for each in children(process) if module(each) == "spiders.page_reader_process"]
    reading.suspend()
    asked = archive.newsroom.requests.total
    until(lambda: archive.newsroom.requests.total > asked + 2)
    process.send_signal(signal.SIGTERM)
    stopped = archive.finish(process, reader)
    assert (stopped.exit_code, stopped.manifest["ended"]) == (0, "interrupted")
    archive.set_site()
    _edit_all(archive)
    after = archive.crawl("--recheck")
    recovered = after.manifest["recovered"]["published"]
    assert recovered > 0
    assert len(archive.documents()) == 2 * READABLE + recovered
    _is_whole(archive, stopped, after)


def _edit_all(archive: Archive) -> None:
    archive.newsroom.advance(timedelta(hours=1))
    for article_id in archive.newsroom.ids():
        archive.newsroom.update(article_id)


def _is_whole(archive: Archive, ended: Crawl, after: Crawl) -> None:
    """The run says what it left, the next is complete, and each object is told of once."""
    assert any("captured and not read" in line["message"] for line in ended.log)
    assert after.manifest["ended"] == "complete"
    runs = list(manifest.below(archive.store, f"{SECTION}/"))
    assert [each for each in verify_runs(archive.store, runs, full=True) if each.grave] == []
    listed = [each["key"] for run in (ended, after) for each in run.manifest["segments"] + run.manifest["objects"]]
    assert len(listed) == len(set(listed))
