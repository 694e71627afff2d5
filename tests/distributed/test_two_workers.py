"""Two workers crawl, and one is killed: everything is published once, and the delay between requests holds."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from pressmark.archive.bucket import manifest
from pressmark.jobs.audit.verify import verify_runs
from pressmark.local.newsroom import Newsroom
from pressmark.local.s3server import RunningS3
from tests.conftest import fresh_bucket
from tests.distributed.cluster import POSTGRES, REDIS, Cluster, cluster
from tests.support.tools import until

SECTIONS = {"world/europe": "World / Europe", "world/america": "World / Americas", "world/africa": "World / Africa"}
DELAY = 0.25
"""Seconds between two requests, by the site file."""
SECONDS = 400
SECTION, DAG = "newsroom/world/europe", "archive_newsroom_world_europe"
GRACE = 180
"""Seconds that docker/compose.yml gives a worker (`stop_grace_period`)."""

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not (POSTGRES and REDIS), reason="needs apt-get install postgresql redis-server"),
]


@pytest.fixture(scope="module")
def up(s3: RunningS3, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with pytest.MonkeyPatch.context() as patch:
        bucket = fresh_bucket(s3, patch)
        folder = tmp_path_factory.mktemp("cluster")
        with cluster(folder, s3, bucket, Newsroom(articles=30, crawl_delay=0)) as running:
            path = running.sites / "newsroom.yml"
            site = yaml.safe_load(path.read_text())
            site |= {
                "politeness": {"delay": DELAY, "concurrency": 1, "timeout": 10, "retries": 2},
                "requisites": {"number": 0, "size": 0},
            }
            site["sections"] = {
                name: {"name": title, "path": f"/{name}", "schedule": None, "pages": 2}
                for name, title in SECTIONS.items()
            }
            path.write_text(yaml.safe_dump(site))
            yield running


def test_a_lost_worker_loses_nothing_and_the_delay_holds(up: Cluster, s3: RunningS3) -> None:
    airflow, requests = up.airflow, up.newsroom.requests
    dags = [f"archive_newsroom_{name.replace('/', '_')}" for name in SECTIONS]
    for dag in dags:
        airflow.unpause(dag)
    runs = {dag: airflow.trigger(dag) for dag in dags}
    until(lambda: requests.total > 12 and bool(up.crawls()), SECONDS)
    crawl = up.crawls()[0]  # One at a time: the host has one slot, however many workers there are.
    lost = up.worker_of(crawl)
    for each in [
        crawl,
        *crawl.children(recursive=True),
    ]:  # Otherwise it would notice that its parent is gone, and end in order.
        each.kill()
    up.workers[lost].kill()
    until(lambda: not crawl.is_running(), 20)

    def states() -> dict[str, str]:
        return {dag: airflow.call("GET", f"/dags/{dag}/dagRuns/{run}")["state"] for dag, run in runs.items()}

    until(lambda: set(states().values()) <= {"success", "failed"}, SECONDS)
    assert set(states().values()) == {"success"}
    tries = [
        max(
            each["try_number"]
            for each in airflow.call("GET", f"/dags/{dag}/dagRuns/{run}/taskInstances")["task_instances"]
        )
        for dag, run in runs.items()
    ]
    assert max(tries) > 1, "no task was retried: the lost worker ran none"

    store = up.store
    versions = Counter(key.split("/")[-2] for key in store.keys("articles/newsroom/"))
    listed = {entry.article_id for name in SECTIONS for entry in up.newsroom.listing(name, 1)}
    rejected = {key.split("/")[-2] for key in store.keys("rejected/newsroom/")}
    assert set(versions) | rejected >= listed
    assert set(versions.values()) == {1}, "each was published once"
    keys = list(manifest.below(store, "newsroom/"))
    assert not [each for each in verify_runs(store, keys, full=True) if each.grave]

    at = sorted(each.at for each in requests.recent if each.path != "/robots.txt")
    window = 5.0
    busiest = max(sum(1 for other in at if moment <= other < moment + window) for moment in at)
    assert busiest <= window / DELAY + 1, "both workers together keep the delay of the site file"


def test_a_worker_that_is_stopped_ends_its_crawl_in_order(up: Cluster, s3: RunningS3) -> None:
    """`docker stop` and Kubernetes send SIGTERM to its first process and give it some minutes."""
    airflow, requests = up.airflow, up.newsroom.requests
    [left] = [number for number, worker in enumerate(up.workers) if worker.running]
    asked = requests.total
    run_id = airflow.trigger(DAG, {"recheck": True})
    until(lambda: requests.total > asked + 8 and bool(up.crawls()), SECONDS)
    up.stop(left)
    until(lambda: not up.workers[left].running, GRACE)
    assert not up.crawls()
    newest = manifest.latest(up.store, *SECTION.split("/", 1))
    assert newest
    assert (newest.ended, newest.counts["seen"] > 0) == ("interrupted", True)
    spool = up.spools[left]
    assert not segments_in(spool), "it is in the bucket"
    state = airflow.call("GET", f"/dags/{DAG}/dagRuns/{run_id}/taskInstances/crawl")["state"]
    assert state == "up_for_retry", "another worker takes it up"


def test_a_new_worker_takes_over_the_spool_of_a_lost_one(up: Cluster) -> None:
    [lost] = [spool for spool in up.spools if segments_in(spool)]
    with up.third():
        assert not segments_in(lost)
        runs = up.airflow.call("GET", f"/dags/{DAG}/dagRuns?order_by=-run_after&limit=1")["dag_runs"]
        path = f"/dags/{DAG}/dagRuns/{runs[0]['dag_run_id']}"
        until(lambda: up.airflow.call("GET", path)["state"] == "success", SECONDS)
        newest = manifest.latest(up.store, *SECTION.split("/", 1))
    assert newest
    assert newest.ended == "complete"
    keys = list(manifest.below(up.store, "newsroom/"))
    recovered = [manifest.read(up.store, key).recovered for key in keys]
    assert sum(each.segments for each in recovered) > 0
    assert not list(verify_runs(up.store, keys, full=True, orphans_of="newsroom")), "a manifest lists every object"


def segments_in(spool: Path) -> list[Path]:
    """Return the segments in a spool, whole or not."""
    return [path for path in spool.rglob("*") if path.name.endswith((".open", ".warc.gz"))]
