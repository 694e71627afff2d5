"""A backup is a copy of the bucket: anyone with a copy can continue the archive from it alone."""

import os
from pathlib import Path

import pytest

from pressmark.archive.s3.store import Store
from pressmark.config import Config
from pressmark.jobs.audit.verify import verify_runs
from pressmark.jobs.export import Exporter
from pressmark.jobs.monthly_index import Merger
from pressmark.jobs.wacz.packager import Packager
from pressmark.jobs.wacz.validate import verify_packages
from pressmark.local.s3server import RunningS3
from pressmark.reader import Reader
from tests.conftest import fresh_bucket
from tests.support.archive import Archive

pytestmark = pytest.mark.slow


def made(archive: Archive) -> list[object]:
    """Let jobs make what they make of an archive; return what was new to them."""
    store, config = Store.open(Config.from_env(os.environ)), Config.from_env(os.environ)
    assert config.bucket == store.bucket
    changed = [*Exporter(store, "newsroom").changed(), *Packager.open(config, "newsroom").changed()]
    return [*changed, *(each for each in Merger(store, "newsroom").months() if each.changed)]


def test_a_copied_bucket_is_the_whole_archive(
    archive: Archive, s3: RunningS3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.crawl()
    assert len(made(archive)) >= 3
    *_, reached = Reader(archive.store, "newsroom").changes()

    there = copied(archive.store, s3, monkeypatch)
    monkeypatch.setenv("PRESSMARK_SPOOL", str(tmp_path / "another machine's"))
    assert made(archive) == [], "they go on where they were"
    newest = archive.newsroom.publish()
    crawled = archive.crawl()
    assert (crawled.counts["published"], crawled.manifest["recovered"]["segments"]) == (1, 0)
    assert crawled.counts["not_modified"] == crawled.counts["seen"] - 1

    [changes] = Reader(there, "newsroom").changes(reached.cursor)
    assert [newest in key for key in changes.versions] == [True], "a job's cursor goes on"
    assert len(made(archive)) == 3
    runs = [key for key in there.keys("runs/") if key.endswith(".json")]
    assert list(verify_runs(there, runs, full=True, orphans_of="newsroom")) == []
    assert list(verify_packages(there, "newsroom")) == []


def copied(store: Store, s3: RunningS3, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Copy every object into another bucket, as `aws s3 sync` does, and let the environment name it."""
    name = fresh_bucket(s3, monkeypatch)
    for key in store.keys(""):
        store.client.copy_object(Bucket=name, Key=key, CopySource={"Bucket": store.bucket, "Key": key})
    return Store.open(Config.from_env(os.environ))
