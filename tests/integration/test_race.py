"""Many writers of one bucket: each version is published once, complete, by one of them."""

import gzip
import multiprocessing
import os
import time
from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest

from pressmark.archive.s3.store import Store
from pressmark.config import Config
from pressmark.jobs.audit.verify import verify_runs
from pressmark.local.newsroom.faults import FaultKind
from pressmark.model.outcomes import Outcome
from tests.support import racing
from tests.support.archive import READABLE, Archive

RACERS, VERSIONS = 8, 500


@pytest.mark.long
def test_eight_processes_that_publish_the_same_versions_publish_each_once(bucket: str, tmp_path: Path) -> None:
    config = Config.from_env(os.environ)
    spawn = multiprocessing.get_context("spawn")
    places = [(config, tmp_path / str(racer), racer, VERSIONS) for racer in range(RACERS)]
    with spawn.Pool(RACERS, racing.come, [spawn.Barrier(RACERS)]) as pool:
        views = pool.starmap(racing.race, places, chunksize=1)

    assert [view.outcomes.total() for view in views] == [VERSIONS] * RACERS
    outcomes = sum((view.outcomes for view in views), Counter[Outcome]())
    assert outcomes == {Outcome.PUBLISHED: VERSIONS, Outcome.UNCHANGED: VERSIONS * (RACERS - 1)}
    assert all(view.outcomes[Outcome.PUBLISHED] == len(view.objects) for view in views)

    store = Store.open(config)
    there = {key: sha256(store.get(key)).hexdigest() for key in store.keys("articles/")}
    claimed = [(stored.key, stored.sha256) for view in views for stored in view.objects]
    assert sorted(there.items()) == sorted(claimed), "each object is what one process, and one only, says it wrote"
    assert set(there) == {racing.KEY.format(number) for number in range(VERSIONS)}
    assert sum(bool(view.objects) for view in views) > 1, "it was a race"
    assert {key for key in store.keys("warc/") if key.endswith(".gz")} == {view.segment.key for view in views}


def staged(store: Store, segments: list[dict[str, str]]) -> int:
    """Count the versions that a run wanted to publish, by what it wrote into its segments."""
    return sum(gzip.decompress(store.get(said["key"])).count(b"\r\nversion: WS") for said in segments)


@pytest.mark.long
def test_two_runs_of_a_section_at_once_list_each_object_once(archive: Archive, tmp_path: Path) -> None:
    politeness = {"delay": 0, "concurrency": 1, "timeout": 10, "retries": 100}
    archive.set_site(politeness=politeness, requisites={"number": 0, "size": 0})
    newsroom = archive.newsroom
    oldest, second = (newsroom.story(newsroom.article_id(index)).path for index in (0, 1))
    newsroom.fault(oldest, FaultKind.TOO_MANY_REQUESTS)  # So that neither ends before both know what is new.
    started = [archive.start(PRESSMARK_SPOOL=str(tmp_path / spool)) for spool in ("one", "other")]
    while newsroom.requests.counts.get(second, 0) < 2:
        assert [process.poll() for process, _ in started] == [None, None]
        time.sleep(0.05)
    newsroom.clear_faults()
    both = [archive.finish(*each) for each in started]

    assert [(run.exit_code, run.manifest["ended"]) for run in both] == [(0, "complete")] * 2
    assert [staged(archive.store, run.manifest["segments"]) for run in both] == [READABLE] * 2, "it was a race"
    for run in both:
        assert run.counts["seen"] == sum(run.counts[outcome] for outcome in Outcome) == 30
        assert run.counts["published"] + run.counts["unchanged"] == READABLE
    assert sum(run.counts["published"] for run in both) == len(archive.documents()) == READABLE

    listed = [said["key"] for run in both for said in run.manifest["objects"]]
    there = [key for prefix in ("articles/", "rejected/") for key in archive.store.keys(prefix)]
    assert sorted(listed) == sorted(there), "each object is in one manifest"
    manifests = [run.manifest_key or "" for run in both]
    assert list(verify_runs(archive.store, manifests, full=True, orphans_of="newsroom")) == []
