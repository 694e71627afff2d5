"""A crawl that ends before its end: stopped, killed, out of disk; and the one behind it, which takes the rest."""

import os
import resource
import signal
import sys
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from pressmark.archive.verify import verify_run
from pressmark.schema import MANIFEST
from tests.apps.conftest import READABLE, Archive
from tests.schemas import keeps_its_schemas

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


def test_a_crawl_whose_archivist_dies_says_so_and_loses_nothing(archive: Archive) -> None:
    archive.set_site(politeness={"delay": 0.2, "concurrency": 1, "timeout": 10})
    process, reader = archive.started(8)
    while not any(path.stat().st_size for path in (archive.config.spool / "newsroom").glob("*.drafts.jsonl")):
        assert process.poll() is None
    [archivist] = psutil.Process(process.pid).children()
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


def test_an_archivist_whose_crawl_dies_ends_too(archive: Archive) -> None:
    archive.set_site(politeness={"delay": 0.2, "concurrency": 1, "timeout": 10})
    process, reader = archive.started(8)
    children = psutil.Process(process.pid).children()
    process.kill()
    process.communicate()
    os.close(reader)
    _, alive = psutil.wait_procs(children, timeout=10)
    assert len(children) == 1
    assert alive == []


def test_a_spool_that_cannot_be_written_is_told(archive: Archive, tmp_path: Path) -> None:
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
    assert 0 < published < READABLE
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
