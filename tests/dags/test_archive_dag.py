"""The archive DAG: what it is, and real runs of one."""

import logging
import os
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from pressmark.archive.bucket import manifest
from pressmark.archive.s3.store import Store
from pressmark.config import Config
from pressmark.jobs.audit.verify import Finding, verify_run
from pressmark.local.newsroom import Newsroom
from pressmark.local.newsroom.faults import FaultKind
from pressmark.sites.site import MOST_PAGES
from tests.dags.conftest import read_dags

# `dag.test()` imports an API server with an unused test client.
pytestmark = pytest.mark.filterwarnings("ignore:Using `httpx` with `starlette.testclient`")

NEWSROOM = "archive_newsroom_world_europe"
UNTOUCHED = {"recover": "success", "alarms": "success"}
"""Tasks that end whether or not the crawl succeeds."""

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


def test_a_site_of_the_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "two-words.yml").write_text(SITE)
    monkeypatch.setenv("PRESSMARK_SITES", str(tmp_path))
    dag = read_dags().dags["archive_two_words_world_news_far_east"]
    assert str(dag.schedule) == "@daily"
    assert dag.params["pages"] == 7
    assert dag.tags == {"archive", "two-words", "World-News/Far-East"}
    assert dag.task_dict["crawl"].pool == "host_two-words"


def test_its_tasks_and_their_order() -> None:
    dag = read_dags().dags[NEWSROOM]
    assert set(dag.task_dict) == {"recover", "crawl", "verify", "report", "alarms"}
    for before, after in pairwise(["recover", "crawl", "verify", "report"]):
        assert before in dag.task_dict[after].upstream_task_ids
    assert dag.task_dict["alarms"].upstream_task_ids == {"crawl"}  # So *report*, too, says how a run ended.
    assert dag.task_dict["alarms"].trigger_rule == "all_done"
    assert not any(task.is_teardown for task in dag.tasks)  # A run that is marked as failed would wait for it.
    [asset] = dag.task_dict["report"].outlets
    assert asset.name == NEWSROOM.replace("archive_", "articles_")


def test_a_run_has_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "two-words.yml").write_text(SITE.replace("pages: 7", "pages: 7, deadline: PT9M"))
    monkeypatch.setenv("PRESSMARK_SITES", str(tmp_path))
    [alert] = read_dags().dags["archive_two_words_world_news_far_east"].deadline
    assert alert.interval == timedelta(minutes=9)
    assert alert.callback.path == "pressmark.airflow.alerts.section.notify_late"
    assert alert.callback.kwargs == {"section": "two-words/World-News/Far-East", "allowed": 540}


def test_a_run_that_takes_too_long_is_ended_and_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "two-words.yml").write_text(SITE.replace("pages: 7", "pages: 7, deadline: PT10M"))
    monkeypatch.setenv("PRESSMARK_SITES", str(tmp_path))
    dags = read_dags().dags
    archive = dags["archive_two_words_world_news_far_east"]
    assert archive.dagrun_timeout == timedelta(hours=2)
    assert archive.has_on_failure_callback
    assert all(archive.task_dict[name].has_on_retry_callback for name in ("recover", "crawl"))
    assert all(dag.dagrun_timeout for dag in dags.values())


def test_dags_test_has_no_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["airflow", "dags", "test", NEWSROOM])
    assert not read_dags().dags[NEWSROOM].deadline


def test_parameters_are_bounded() -> None:
    params = read_dags().dags[NEWSROOM].params
    bounds = {"type": "integer", "minimum": 1, "maximum": MOST_PAGES}
    assert bounds.items() <= params.get_param("pages").schema.items()
    assert params.get_param("recheck").schema["type"] == "boolean"
    assert params["recheck"] is False


@pytest.mark.slow
@pytest.mark.usefixtures("empty_airflow")
def test_runs_archive_what_changed(newsroom: Newsroom, caplog: pytest.LogCaptureFixture) -> None:
    dag = read_dags().dags[NEWSROOM]
    first = _run(dag)
    assert first == dict.fromkeys(["recover", "crawl", "verify", "report", "alarms"], "success")
    counts = _last_manifest().counts
    assert counts["published"]
    assert _last_asset_event().items() >= counts.items()

    newsroom.advance(timedelta(minutes=30))
    newsroom.update(newsroom.article_id(29))
    assert set(_run(dag).values()) == {"success"}
    assert _last_manifest().counts["updated"] == 1

    caplog.clear()
    with caplog.at_level(logging.INFO, "pressmark.report"):
        assert set(_run(dag, {"recheck": True, "pages": 2}).values()) == {"success"}
    assert any(text.startswith("nothing changed: published 0, ") for text in caplog.messages)
    counts = _last_manifest().counts
    assert (counts["listing_pages"], counts["seen"]) == (2, 30)


@pytest.mark.slow
@pytest.mark.usefixtures("empty_airflow")
def test_a_changed_layout_fails_the_run_at_once(newsroom: Newsroom) -> None:
    newsroom.fault("/world/europe", FaultKind.EMPTY_LISTING)
    states = _run(read_dags().dags[NEWSROOM])
    assert states == UNTOUCHED | {"crawl": "failed", "verify": "upstream_failed", "report": "upstream_failed"}


@pytest.mark.slow
@pytest.mark.usefixtures("empty_airflow", "newsroom")
def test_a_damaged_archive_fails_verification(monkeypatch: pytest.MonkeyPatch) -> None:
    def lose_one_and_verify(store: Store, key: str) -> list[Finding]:
        store.client.delete_object(Bucket=store.bucket, Key=next(iter(store.keys("articles/"))))
        return verify_run(store, key)

    # The only place to do damage between the tasks of a running DAG.
    monkeypatch.setattr("pressmark.airflow.tasks.archive.verify_run", lose_one_and_verify)
    states = _run(read_dags().dags[NEWSROOM])
    assert states == UNTOUCHED | {"crawl": "success", "verify": "failed", "report": "upstream_failed"}


def _run(dag: Any, conf: dict[str, Any] | None = None) -> dict[str, str]:
    """Run the DAG in this process and return its tasks' states."""
    dag.deadline = []  # `dag.test()` of Airflow 3.3.2 breaks on deadlines; tests/dags/test_night.py has them.
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
