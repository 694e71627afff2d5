"""The archive DAGs: what they are, and real runs of one."""

import logging
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.serialization.serialized_objects import DagSerialization

from apps.airflow_pools import pools
from apps.newsroom import Newsroom
from apps.newsroom.faults import FaultKind
from pressmark.archive import manifest
from pressmark.archive.store import Store
from pressmark.archive.verify import Finding, verify_run
from pressmark.config import Config
from pressmark.site import load_sites
from tests.conftest import ROOT
from tests.dags.conftest import read_dags

# `dag.test()` brings an API server in, and that a test client it has no use for.
pytestmark = pytest.mark.filterwarnings("ignore:Using `httpx` with `starlette.testclient`")

NEWSROOM = "archive_newsroom_world_europe"

SITE = """
site: two-words
title: A site of the user's own
layout: chinadaily
origin: https://news.example
hosts: [news.example]
time_zone: Asia/Shanghai
article_url: ^/(?P<day>x)(?P<id>y)(?P<page>z)$
sections:
  World-News/Far-East: {name: Far East, path: /far-east, schedule: "@daily", pages: 7}
"""


def test_a_dag_for_each_section() -> None:
    bag = read_dags()
    assert not bag.import_errors
    assert not any(bag.captured_warnings.values())
    assert set(bag.dags) == {"archive_chinadaily_world_europe", NEWSROOM}


def test_a_site_of_the_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "two-words.yml").write_text(SITE)
    monkeypatch.setenv("PRESSMARK_SITES", str(tmp_path))
    dag = read_dags().dags["archive_two_words_world_news_far_east"]
    assert str(dag.schedule) == "@daily"
    assert dag.params["pages"] == 7
    assert dag.tags == {"archive", "two-words", "World-News/Far-East"}
    assert dag.task_dict["crawl"].pool == "host_two-words"


def test_what_all_dags_share() -> None:
    known = pools(load_sites().values())
    for dag in read_dags().dags.values():
        assert dag.doc_md
        assert "When it fails" in dag.doc_md
        assert (dag.catchup, dag.max_active_runs) == (False, 1)
        assert list(dag.task_dict) == ["crawl", "verify", "report"]
        assert dag.task_dict["verify"].upstream_task_ids == {"crawl"}
        assert dag.task_dict["report"].upstream_task_ids == {"crawl", "verify"}
        crawl = dag.task_dict["crawl"]
        assert known[crawl.pool]["slots"] == 1
        assert crawl.retries
        assert crawl.retry_exponential_backoff > 1
        [asset] = dag.task_dict["report"].outlets
        assert asset.name == dag.dag_id.replace("archive_", "articles_")


def test_no_two_sections_share_an_asset() -> None:
    assets = [dag.task_dict["report"].outlets[0] for dag in read_dags().dags.values()]
    assert len({asset.name for asset in assets}) == len({asset.uri for asset in assets}) == len(assets)


def test_parameters_are_bounded() -> None:
    params = read_dags().dags[NEWSROOM].params
    assert params.get_param("pages").schema == {"type": "integer", "minimum": 1}
    assert params.get_param("recheck").schema == {"type": "boolean"}
    assert params["recheck"] is False


def test_reading_twice_gives_the_same() -> None:
    """Otherwise each reading would be a new version of the DAG."""
    first, second = ({dag.dag_id: _serialized(dag) for dag in read_dags().dags.values()} for _ in range(2))
    assert first == second


def test_reading_stays_light() -> None:
    code = "import runpy, sys; runpy.run_path(sys.argv[1]); print(*sys.modules)"
    read = subprocess.run(
        [sys.executable, "-c", code, str(ROOT / "dags" / "archive.py")], capture_output=True, text=True, check=True
    )
    assert not {"scrapy", "boto3", "warcio"} & set(read.stdout.split())


@pytest.mark.slow
@pytest.mark.usefixtures("airflow_database")
def test_runs_archive_what_changed(newsroom: Newsroom, caplog: pytest.LogCaptureFixture) -> None:
    dag = read_dags().dags[NEWSROOM]
    first = _run(dag)
    assert first == {"crawl": "success", "verify": "success", "report": "success"}
    counts = _last_manifest()["counts"]
    assert counts["published"]
    assert _last_asset_event().items() >= counts.items()

    newsroom.advance(timedelta(minutes=30))
    newsroom.update(newsroom.article_id(29))
    assert set(_run(dag).values()) == {"success"}
    assert _last_manifest()["counts"]["updated"] == 1

    caplog.clear()
    with caplog.at_level(logging.INFO, "pressmark.report"):
        assert set(_run(dag, {"recheck": True, "pages": 2}).values()) == {"success"}
    assert any(text.startswith("nothing changed: published 0, ") for text in caplog.messages)
    counts = _last_manifest()["counts"]
    assert (counts["listing_pages"], counts["seen"]) == (2, 30)


@pytest.mark.slow
@pytest.mark.usefixtures("airflow_database")
def test_a_changed_layout_fails_the_run_at_once(newsroom: Newsroom) -> None:
    newsroom.fault("/world/europe", FaultKind.EMPTY_LISTING)
    states = _run(read_dags().dags[NEWSROOM])
    assert states == {"crawl": "failed", "verify": "upstream_failed", "report": "upstream_failed"}


@pytest.mark.slow
@pytest.mark.usefixtures("airflow_database", "newsroom")
def test_a_damaged_archive_fails_verification(monkeypatch: pytest.MonkeyPatch) -> None:
    def lose_one_and_verify(store: Store, key: str) -> list[Finding]:
        store.client.delete_object(Bucket=store.bucket, Key=next(iter(store.keys("articles/"))))
        return verify_run(store, key)

    # Between the tasks of a DAG that is under way there is no other place to do damage from.
    monkeypatch.setattr("apps.archive_tasks.verify_run", lose_one_and_verify)
    states = _run(read_dags().dags[NEWSROOM])
    assert states == {"crawl": "success", "verify": "failed", "report": "upstream_failed"}


def _run(dag: Any, conf: dict[str, Any] | None = None) -> dict[str, str]:
    """Run the DAG in this process and return its tasks' states."""
    run = dag.test(run_conf=conf)
    return {each.task_id: str(each.state) for each in run.get_task_instances()}


def _last_manifest() -> manifest.Manifest:
    found = manifest.latest(Store.open(Config.from_env(os.environ)), "newsroom", "world/europe")
    assert found
    return found


def _last_asset_event() -> dict[str, Any]:
    from airflow import settings
    from airflow.models.asset import AssetEvent

    assert settings.Session
    with settings.Session() as session:
        event = session.query(AssetEvent).order_by(AssetEvent.id.desc()).first()
        assert event
        return dict(event.extra)


def _serialized(dag: Any) -> dict[str, Any]:
    return DagSerialization.to_dict(dag)
