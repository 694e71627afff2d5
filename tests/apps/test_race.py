"""Many writers of one bucket: each version is published once, and is that of one of them, whole."""

import multiprocessing
import os
from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest

from pressmark.archive.store import Store
from pressmark.archive.verify import verify_runs
from pressmark.config import Config
from pressmark.outcomes import Outcome
from tests import racing
from tests.apps.conftest import READABLE, Archive

RACERS, VERSIONS = 8, 500


@pytest.mark.slow
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


@pytest.mark.slow
def test_two_runs_of_a_section_at_once_tell_of_each_object_once(archive: Archive, tmp_path: Path) -> None:
    politeness = {"delay": 0.1, "concurrency": 1, "timeout": 10}
    archive.set_site(politeness=politeness, requisites={"number": 0, "size": 0})
    started = [archive.start(PRESSMARK_SPOOL=str(tmp_path / spool)) for spool in ("one", "other")]
    both = [archive.finish(*each) for each in started]
    assert [(run.exit_code, run.manifest["ended"]) for run in both] == [(0, "complete")] * 2
    assert max(run.manifest["started_at"] for run in both) < min(run.manifest["ended_at"] for run in both)
    for run in both:
        assert run.counts["seen"] == sum(run.counts[outcome] for outcome in Outcome) == 30
        assert run.counts["published"] + run.counts["unchanged"] == READABLE
    assert sum(run.counts["published"] for run in both) == len(archive.documents()) == READABLE

    told = [said["key"] for run in both for said in run.manifest["objects"]]
    there = [key for prefix in ("articles/", "rejected/") for key in archive.store.keys(prefix)]
    assert sorted(told) == sorted(there), "each object is in one manifest"
    manifests = [run.manifest_key or "" for run in both]
    assert list(verify_runs(archive.store, manifests, full=True, strays_of="newsroom")) == []
