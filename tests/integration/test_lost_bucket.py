"""The bucket goes away while a crawl publishes: for a while, or for good."""

import time
from pathlib import Path

import pytest

from pressmark.archive.s3.store import Store
from pressmark.jobs.audit.verify import verify_run
from pressmark.local.s3server import RunningS3
from tests.support.archive import READABLE, Archive

pytestmark = pytest.mark.long

AWAY = 20.0
"""Seconds: longer than boto3 tries again by itself."""


@pytest.mark.slow
def test_a_bucket_that_comes_back_costs_nothing(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.set_site(politeness={"delay": 0.25, "concurrency": 1, "timeout": 10})
    with RunningS3(tmp_path / "s3", bucket="mine") as server:
        for name, value in {**server.environment, "PRESSMARK_SEGMENT_BYTES": "60000"}.items():
            monkeypatch.setenv(name, value)
        process, reader = archive.start()
        store = Store(bucket="mine", client=server.client())
        while not any(store.keys("warc/")):
            assert process.poll() is None
        server.stop()
        time.sleep(AWAY)  # This is what is tested.
        assert process.poll() is None
        server.start()
        run = archive.finish(process, reader)
        assert run.exit_code == 0
        assert run.manifest["ended"] == "complete"
        assert any("Waiting for it" in line["message"] for line in run.log)
        assert len(run.manifest["segments"]) > 3
        assert run.counts["published"] == READABLE == len(list(store.keys("articles/")))
        listed = [said["key"] for said in [*run.manifest["segments"], *run.manifest["objects"]]]
        assert len(listed) == len(set(listed))
        assert sorted(key for key in store.keys("warc/") if key.endswith(".gz")) == sorted(
            key for key in listed if key.startswith("warc/")
        )
        assert verify_run(store, run.manifest_key or "") == []
    assert list((tmp_path / "spool" / "newsroom").iterdir()) == []


def test_a_bucket_that_is_gone_for_good_fails_the_run_and_loses_nothing(archive: Archive, tmp_path: Path) -> None:
    """It is there when the run begins and gone when it publishes; the next run publishes what was captured."""
    with RunningS3(tmp_path / "s3", bucket="mine") as doomed:
        few = {"number": 0, "size": 0}
        archive.set_site(politeness={"delay": 0.05, "concurrency": 1, "timeout": 10}, requisites=few)
        process, reader = archive.started(9, **doomed.environment, PRESSMARK_PATIENCE="1")
        doomed.stop()
        run = archive.finish(process, reader)
        assert (run.exit_code, run.manifest_key) == (3, None)
        assert run.error is not None
        assert run.error["type"] == "BucketUnreachable"
        spooled = list((tmp_path / "spool" / "newsroom").glob("*.warc.gz"))
        assert len(spooled) == 1
        doomed.start()
        after = archive.crawl(**doomed.environment)
    assert after.exit_code == 0
    assert after.manifest["recovered"] == {"segments": 1, "published": READABLE, "bytes_cut": 0}
    assert after.counts["published"] == 0
    assert list((tmp_path / "spool" / "newsroom").iterdir()) == []
