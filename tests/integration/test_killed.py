"""A crawl that is killed at any moment, and the next one: nothing is lost, duplicated or incomplete.

`PRESSMARK_KILLS` says at how many.
"""

import json
import os
import random
import re
import subprocess
import sys
import zlib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import attrs
import pytest

from pressmark.archive.bucket import manifest
from pressmark.archive.s3.store import Store
from pressmark.config import Config
from pressmark.jobs.audit.verify import verify_run
from pressmark.local.newsroom.http.server_thread import RunningNewsroom
from pressmark.local.newsroom.newsroom import Newsroom
from pressmark.local.newsroom.site_file import write_site_file
from tests.conftest import ROOT

ARTICLES = 200
AT_ONCE = 3
SEGMENT_BYTES = 300_000
"""Small: a crawl makes a dozen segments, so that it can be killed in the middle of any part of their lives."""


@attrs.frozen
class Site:
    """A site of this name at the newsroom's address, with a spool of its own."""

    name: str
    store: Store
    environment: dict[str, str]

    @property
    def spool(self) -> Path:
        return Path(self.environment["PRESSMARK_SPOOL"]) / self.name

    def crawl(self, kill_at: str = "runner:0") -> subprocess.CompletedProcess[str]:
        """Crawl, to the end or to this step."""
        command = ["-m", "tests.support.killed_crawl", kill_at, f"{self.name}/world/europe", "--log", "json"]
        return subprocess.run(
            [sys.executable, *command, "--result-fd", "1"],
            env=os.environ | self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            start_new_session=True,
        )

    def versions(self) -> list[str]:
        return [key.partition(f"/{self.name}/")[2] for key in self.store.keys(f"articles/{self.name}/")]

    def manifests(self) -> dict[str, manifest.Manifest]:
        return {key: manifest.read(self.store, key) for key in manifest.below(self.store, f"{self.name}/")}

    def whole_in_spool(self) -> set[str]:
        """Ids of the records that are whole on the disk."""
        paths = [*self.spool.glob("*.warc.gz"), *self.spool.glob("*.open")]
        return {record_id for path in paths for record_id in records(path.read_bytes())}


def whole_records(segment: bytes) -> Iterator[bytes]:
    """Return the records of a segment that are whole, found without any code of Pressmark's."""
    while segment:
        member = zlib.decompressobj(zlib.MAX_WBITS | 16)
        record = member.decompress(segment)
        if not member.eof:
            return
        yield record
        segment = member.unused_data


def records(segment: bytes) -> Iterator[str]:
    """Return the ids of the whole records of a segment."""
    for record in whole_records(segment):
        yield record.partition(b"WARC-Record-ID: ")[2].partition(b"\r\n")[0].decode()


@pytest.fixture
def sites(bucket: str, tmp_path: Path) -> Iterator[Any]:
    """Makes sites of any name, all at the address of one newsroom."""
    folder = tmp_path / "sites"
    folder.mkdir()
    section = {"name": "Europe", "path": "/world/europe", "schedule": None, "pages": 20}
    store = Store.open(Config.from_env(os.environ))
    with RunningNewsroom(Newsroom(articles=ARTICLES, crawl_delay=0)) as running:

        def site(name: str) -> Site:
            write_site_file(folder, running.url, site=name, sections={"world/europe": section})
            environment = {
                "PRESSMARK_SITES": str(folder),
                "PRESSMARK_SPOOL": str(tmp_path / "spool" / name),
                "PRESSMARK_SEGMENT_BYTES": str(SEGMENT_BYTES),
            }
            return Site(name, store, environment)

        yield site


def survives(site: Site, step: str, expected: set[str]) -> None:
    """Kill a crawl at a step, crawl again, and look at everything that is left."""
    killed = site.crawl(kill_at=step)
    assert killed.returncode == -9, killed.stderr
    whole = site.whole_in_spool()

    after = site.crawl()
    assert after.returncode == 0, after.stderr
    manifests = site.manifests()
    assert [verify_run(site.store, key) for key in manifests] == [[]] * len(manifests)
    assert max(manifests.items())[1].ended == "complete"
    versions = site.versions()
    assert set(versions) == expected
    listed = Counter(said.key for each in manifests.values() for said in [*each.objects, *each.segments])
    assert set(listed.values()) == {1}
    assert {key for key in listed if key.startswith("articles/")} == {f"articles/{site.name}/{key}" for key in versions}
    segments = [key for key in site.store.keys(f"warc/{site.name}/") if not key.endswith(".cdxj")]
    assert segments == sorted(key for key in listed if key.startswith("warc/"))
    kept = Counter(record_id for key in segments for record_id in records(site.store.get(key)))
    assert set(kept.values()) == {1}
    assert whole - kept.keys() <= lone_warcinfo(site, whole, kept)
    assert [key for key in site.store.keys("") if key.endswith(".open")] == []
    assert list(site.spool.iterdir()) == []


def lone_warcinfo(site: Site, whole: set[str], kept: Counter[str]) -> set[str]:
    """A segment that was killed before its first exchange holds its warcinfo alone, and is not kept."""
    missing = whole - kept.keys()
    return missing if len(missing) == 1 else set()


@pytest.mark.long
def test_whenever_it_is_killed_the_next_run_makes_it_whole(sites: Any) -> None:
    times = int(os.environ.get("PRESSMARK_KILLS") or 8)
    first = sites("first")
    counted = first.crawl()
    assert counted.returncode == 0, counted.stderr
    steps = {who: int(count) for who, count in re.findall(r"steps of (\w+): (\d+);", counted.stderr)}
    assert steps["archivist"] > 3 * ARTICLES
    expected = set(first.versions())
    assert len(expected) > ARTICLES * 0.8
    [manifest] = first.manifests().values()
    assert len(manifest.segments) > 5

    choose = random.Random(times)
    few = max(1, times // 8)  # The runner writes a mark, and the manifest.
    points = [f"runner:{step}" for step in choose.sample(range(1, steps["runner"]), few)]
    points += [f"archivist:{step}" for step in choose.sample(range(1, int(steps["archivist"] * 0.95)), times - few)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        done = {
            step: pool.submit(survives, sites(f"killed-{step.replace(':', '-')}"), step, expected) for step in points
        }
    failures = {step: error for step, each in done.items() if (error := each.exception())}
    assert not failures, json.dumps({step: str(error)[:2000] for step, error in failures.items()}, indent=1)
