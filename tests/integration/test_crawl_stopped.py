"""A crawl that ends early (stopped, killed, disk full), and the next one, which does the rest."""

import os
import resource
import signal
import sys
import time
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from pressmark.jobs.audit.verify import verify_run
from pressmark.local.s3server import RunningS3
from pressmark.model.schema import MANIFEST
from tests.support.archive import READABLE, Archive
from tests.support.process_tree import children, module
from tests.support.s3_proxy import Fault, Request, of, proxied
from tests.support.schemas import keeps_its_schemas
from tests.support.tools import until

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks into, or limits, another process as Linux does")


def test_a_crawl_that_is_stopped_keeps_what_it_has_and_the_next_takes_the_rest(archive: Archive) -> None:
    archive.set_site(politeness={"delay": 0.2, "concurrency": 1, "timeout": 10})
    process, reader = archive.started(8)
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGTERM)
    stopped = archive.finish(process, reader)
    assert (stopped.exit_code, stopped.manifest["ended"]) == (0, "interrupted")
    assert 0 < stopped.counts["published"] < READABLE
    assert stopped.counts["published"] == len(archive.documents())
    assert {each["reason"] for each in stopped.manifest["articles"] if each["outcome"] == "failed"} == {"interrupted"}
    archive.set_site()
    after = archive.crawl()
    assert after.manifest["ended"] == "complete"
    assert len(archive.documents()) == READABLE
    assert verify_run(archive.store, stopped.manifest_key or "") == []
    assert keeps_its_schemas(archive.store)["runs", MANIFEST] == 2


def test_a_killed_crawl_leaves_no_gap(archive: Archive, tmp_path: Path) -> None:
    archive.crawl("--pages", "1")
    known = set(archive.documents())
    archive.newsroom.advance(timedelta(hours=1))
    new = {archive.newsroom.publish() for _ in range(3)}
    archive.set_site(politeness={"delay": 0.2, "concurrency": 1, "timeout": 10})
    archive.killed(6)
    assert [path.suffix for path in (tmp_path / "spool" / "newsroom").glob("*.open")] == [".open"]
    assert set(archive.documents()) == known

    archive.set_site()
    after = archive.crawl()
    assert after.manifest["ended"] == "complete"
    assert after.counts["listing_pages"] == 2, "on to the bound, though page 2 brings nothing new"
    assert {document["identifier"] for key, document in archive.documents().items() if key not in known} >= new
    assert any("a killed run left" in line["message"] for line in after.log)


def test_a_crawl_that_is_stopped_does_not_wait_for_a_bucket_that_is_away(
    archive: Archive, s3: RunningS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.set_site(politeness={"delay": 0.1, "concurrency": 1, "timeout": 10})
    with proxied(s3.endpoint) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", proxy.endpoint)
        process, reader = archive.started(8, PRESSMARK_SEGMENT_BYTES="20000", PRESSMARK_PATIENCE="3600")
        proxy.rule = lambda request: Fault(read=0)
        seen = archive.newsroom.requests.total
        until(lambda: archive.newsroom.requests.total > seen + 8)
        process.terminate()
        run = archive.finish(process, reader)
        assert run.exit_code == 3
        assert list(archive.config.spool.glob("newsroom/*.warc.gz"))
        proxy.rule = lambda request: None
        archive.set_site()
        after = archive.crawl()
    assert after.manifest["ended"] == "complete"
    assert after.manifest["recovered"]["published"] > 0
    assert len(archive.documents()) == READABLE


def test_a_crawl_whose_archivist_dies_says_so_and_loses_nothing(archive: Archive) -> None:
    archive.set_site(politeness={"delay": 0.2, "concurrency": 1, "timeout": 10})
    process, reader = archive.started(8)
    while not any(path.stat().st_size for path in (archive.config.spool / "newsroom").glob("*.drafts.jsonl")):
        assert process.poll() is None
        time.sleep(0.01)  # The newsroom is a thread of this process.
    [archivist] = [each for each in children(process) if module(each) == "pressmark.archive.publish.archivist_process"]
    archivist.kill()
    run = archive.finish(process, reader)
    assert (run.exit_code, run.manifest_key) == (5, None)
    assert run.error is not None
    assert "the archivist ended with exit code -9" in run.error["message"]
    archive.set_site()
    after = archive.crawl()
    assert after.manifest["ended"] == "complete"
    assert after.manifest["recovered"]["published"] > 0
    assert len(archive.documents()) == READABLE


def test_the_processes_of_a_crawl_that_dies_end_too(archive: Archive) -> None:
    archive.set_site(politeness={"delay": 0.2, "concurrency": 1, "timeout": 10})
    process, reader = archive.started(8)
    begun = children(process)
    assert {"pressmark.archive.publish.archivist_process", "pressmark.extract.page_reader_process"} == set(
        map(module, begun)
    )
    process.kill()
    process.communicate()
    os.close(reader)
    _, alive = psutil.wait_procs(begun, timeout=10)
    assert alive == []


def test_an_archivist_whose_crawl_dies_does_not_wait_for_a_bucket_that_is_away(
    archive: Archive, s3: RunningS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxied(s3.endpoint) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", proxy.endpoint)
        tried: list[Request] = []

        def away(request: Request) -> Fault | None:
            if not of("PUT", "/warc/")(request):
                return None
            tried.append(request)
            return Fault(read=0)

        proxy.rule = away
        process, reader = archive.started(12, "--pages", "1", PRESSMARK_PATIENCE="3600")
        begun = children(process)
        until(lambda: list(map(module, children(process))) == ["pressmark.archive.publish.archivist_process"], 60)
        until(lambda: len(tried) > 3, 60)
        process.kill()
        process.communicate()
        os.close(reader)
        _, alive = psutil.wait_procs(begun, timeout=60)
        assert alive == []


def test_a_spool_that_cannot_be_written_is_reported(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    run = archive.crawl(PRESSMARK_SPOOL=str(tmp_path / "file" / "spool"))
    assert run.exit_code == 5
    assert run.error is not None
    assert "PRESSMARK_SPOOL" in run.error["message"]


@LINUX
def test_a_spool_that_is_full_ends_the_crawl_and_the_next_takes_the_rest(archive: Archive) -> None:
    room = 150_000
    process, reader = archive.start()
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (room, room))
    run = archive.finish(process, reader)
    assert (run.exit_code, run.manifest_key) == (5, None)
    assert run.error is not None
    assert run.error["type"] == "SpoolError"
    assert "Make room" in run.error["message"]
    published = len(archive.documents())
    assert published < READABLE  # None, if all was captured before the first was read.
    after = archive.crawl()
    assert after.manifest["ended"] == "complete"
    assert len(archive.documents()) == READABLE
    assert verify_run(archive.store, after.manifest_key or "") == []


def test_a_crawl_that_is_stopped_before_it_began_has_nothing_to_end(archive: Archive) -> None:
    archive.set_site(politeness={"delay": 3, "concurrency": 1, "timeout": 10})
    first = archive.started(2)
    second, reader = archive.start()
    assert second.stderr is not None
    assert any("another crawl of" in line for line in second.stderr)
    second.send_signal(signal.SIGTERM)
    stopped = archive.finish(second, reader)
    assert (stopped.exit_code, stopped.manifest_key) == (130, None)
    assert stopped.error is not None
    assert stopped.error["type"] == "Stopped"
    first[0].send_signal(signal.SIGTERM)
    assert archive.finish(*first).manifest["ended"] == "interrupted"
