"""A whole installation: one Airflow, every DAG, kills, clears, alarms, and the console in a browser."""

import gzip
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped]
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from pressmark.archive.bucket import manifest
from pressmark.errors import ServiceFailed
from pressmark.local.airflow import LOGIN
from pressmark.local.s3server import RunningS3
from tests.conftest import ROOT, fresh_bucket
from tests.dags.night import ARCHIVE, AUDIT, BACKFILL, DAGS, OPERATOR, PACKAGE, RECRAWL, REDERIVE, SECONDS, Night, night

pytestmark = pytest.mark.long

IMAGES = ROOT / "docs" / "images"
CHROMIUM = shutil.which("chromium")
STOPPED = 10
"""Seconds that a crawl may take to end when its task is marked as failed."""


@pytest.fixture(scope="module")
def house(s3: RunningS3, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    """The installation for the whole file: its tests run in order, like one night."""
    with pytest.MonkeyPatch.context() as patch:
        bucket = fresh_bucket(s3, patch)
        with night(tmp_path_factory.mktemp("night"), s3, bucket) as up:
            yield up


def test_pools_are_made_as_airflow_starts(house: Night) -> None:
    pools = {each["name"]: each["slots"] for each in house.airflow.call("GET", "/pools")["pools"]}
    assert pools["host_newsroom"] == pools["host_chinadaily"] == 1


def test_a_section_is_archived_and_what_follows_starts_by_itself(house: Night) -> None:
    run_id = house.run(ARCHIVE, pages=1)
    assert house.states(ARCHIVE, run_id) == dict.fromkeys(["recover", "crawl", "verify", "report", "alarms"], "success")
    counts = house.airflow.result(ARCHIVE, run_id, "crawl")["counts"]
    assert counts["listing_pages"] == 1
    assert counts["published"]
    house.until(lambda: house.airflow.call("GET", f"/dags/{PACKAGE}/dagRuns")["dag_runs"])
    [packaged] = house.airflow.call("GET", f"/dags/{PACKAGE}/dagRuns")["dag_runs"]
    assert house.ended(PACKAGE, packaged["dag_run_id"]) == "success"
    # Not earlier: Airflow can't show events of runs that have not begun (3.3.2: 500).
    events = house.airflow.call("GET", f"/assets/events?source_dag_id={ARCHIVE}")["asset_events"]
    assert events[0]["extra"]["published"] == counts["published"]
    assert any(house.store.keys("exports/newsroom/parquet/"))
    assert any(house.store.keys("index/newsroom/"))


def test_a_task_leads_to_what_it_left(house: Night) -> None:
    run = house.last(ARCHIVE)
    links = house.airflow.call("GET", f"/dags/{ARCHIVE}/dagRuns/{run}/taskInstances/crawl/links")["extra_links"]
    key = house.airflow.result(ARCHIVE, run, "crawl")["manifest_key"]
    assert links["Archive"] == f"{house.airflow.url}/archive/{key}"
    assert links["Manifest"] == f"{house.airflow.url}/archive/document?key={key}"
    result = httpx.get(links["Manifest"], headers=house.token()).raise_for_status().json()
    assert result["run_id"] in key


def test_a_backfill_goes_where_the_schedule_does_not(house: Night) -> None:
    before = set(house.store.keys("articles/newsroom/"))
    run_id = house.run(BACKFILL, first="1", number=3, requests_per_minute=6000)
    states = house.states(BACKFILL, run_id)
    assert {state for task, state in states.items() if task != "find"} == {"success"}
    assert states["find"] == "skipped"
    chunks = [task for task in states if task.startswith("chunk.crawl")]
    assert len(chunks) >= 1
    brought = set(house.store.keys("articles/newsroom/")) - before
    assert len(brought) > 20
    again = house.run(BACKFILL, first="1", number=3, requests_per_minute=6000)
    assert house.states(BACKFILL, again)["report"] == "success"
    assert set(house.store.keys("articles/newsroom/")) == before | brought


def test_a_backfill_by_days_finds_their_pages(house: Night) -> None:
    day = house.newsroom.listing("world/europe", 2)[0].path.removeprefix("/a/")
    asked = f"{day[:4]}-{day[4:6]}-{day[7:9]}"
    run_id = house.run(BACKFILL, first=asked, number=1, requests_per_minute=6000)
    assert house.states(BACKFILL, run_id)["find"] == "success"
    assert house.airflow.result(BACKFILL, run_id, "find")["pages_found"]


def test_the_schedule_waits_for_one_chunk_and_for_no_second(house: Night) -> None:
    backfill = house.airflow.trigger(BACKFILL, {"first": "1", "number": 3, "requests_per_minute": 7})
    house.until(
        lambda: "running" in {house.states(BACKFILL, backfill).get(f"chunk.crawl[{index}]") for index in range(3)}
    )
    archive = house.run(ARCHIVE, pages=1)
    assert house.ended(BACKFILL, backfill) == "success"
    chunks = [house.began(BACKFILL, backfill, f"chunk.crawl/{index}") for index in range(3)]
    assert min(chunks) < house.began(ARCHIVE, archive, "crawl") < max(chunks)


@pytest.mark.parametrize("form", [{}, {"first": "5-2"}, {"first": "1", "number": 10**9}])
def test_a_form_that_makes_no_sense_is_refused(house: Night, form: dict[str, Any]) -> None:
    with pytest.raises(ServiceFailed, match=r"answers 4\d\d to POST .*(first|number)"):  # Which field, and why.
        house.airflow.trigger(BACKFILL, form)


def test_one_article_is_recrawled_now(house: Night) -> None:
    article_id = house.newsroom.article_id(55)
    house.newsroom.update(article_id)
    before = len(list(house.store.keys("articles/newsroom/")))
    run_id = house.run(RECRAWL, article=article_id)
    assert house.airflow.result(RECRAWL, run_id, "crawl")["counts"]["updated"] == 1
    assert len(list(house.store.keys("articles/newsroom/"))) == before + 1


def test_an_audit_leaves_its_result(house: Night) -> None:
    run_id = house.run(AUDIT, sample=10)
    result = house.airflow.result(AUDIT, run_id, "audit")
    document = json.loads(house.store.get(result["key"]))
    assert document["checked"]["records"] > 100
    assert document["findings"]["grave"] == 0
    assert len(document["sample"]) == 10
    links = house.airflow.call("GET", f"/dags/{AUDIT}/dagRuns/{run_id}/taskInstances/audit/links")["extra_links"]
    assert links["Audit"].endswith(result["key"])
    assert house.partitions(AUDIT, run_id, "look") == ["all"]


def test_articles_are_read_again_by_partitions(house: Night) -> None:
    run_id = house.run(REDERIVE, megabytes=1)
    assert house.partitions(REDERIVE, run_id, "portion")[0].startswith("all 1/")
    result = house.airflow.result(REDERIVE, run_id, "report")
    assert result["documents"] == result["same"] > 60
    assert not result["published"]


def test_a_crawl_marked_as_failed_stops_and_the_next_run_recovers(house: Night) -> None:
    house.set_site(politeness={"delay": 0.4, "concurrency": 1, "timeout": 10, "retries": 2})
    run_id = house.started(recheck=True, pages=3)
    path = f"/dags/{ARCHIVE}/dagRuns/{run_id}/taskInstances/crawl"
    house.airflow.call("PATCH", path, {"new_state": "failed"})
    took = house.until(lambda: not house.crawls(), 60)
    assert took < STOPPED
    asked = house.newsroom.requests.total
    assert house.ended(ARCHIVE, run_id) == "failed"
    assert house.states(ARCHIVE, run_id)["alarms"] == "success"
    assert house.newsroom.requests.total == asked
    assert not list(house.spool.rglob("*.open"))
    house.set_site(politeness={"delay": 0, "concurrency": 4, "timeout": 10, "retries": 2})
    house.run(ARCHIVE, pages=3)
    result = manifest.latest(house.store, "newsroom", "world/europe")
    assert result
    assert result.ended == "complete"
    assert not [each for each in house.spool.rglob("*.warc.gz") if each.is_file()]


def test_a_killed_task_leaves_no_crawl_and_no_port(house: Night) -> None:
    house.set_site(politeness={"delay": 0.4, "concurrency": 1, "timeout": 10, "retries": 2})
    run_id = house.started(recheck=True, pages=3)
    crawls = house.crawls()
    [runner] = [each for each in crawls if each.ppid() not in {other.pid for other in crawls}]
    assert not [each for each in runner.net_connections("inet") if each.status == psutil.CONN_LISTEN]
    os.kill(runner.ppid(), signal.SIGKILL)
    assert house.until(lambda: not house.crawls(), 60) < STOPPED + 5
    asked = house.newsroom.requests.total
    house.set_site(politeness={"delay": 0, "concurrency": 4, "timeout": 10, "retries": 2})
    house.airflow.call("PATCH", f"/dags/{ARCHIVE}/dagRuns/{run_id}", {"state": "failed"})
    assert house.newsroom.requests.total == asked
    house.ended(ARCHIVE, run_id)
    house.run(ARCHIVE, pages=1)


def test_a_cleared_task_runs_again(house: Night) -> None:
    run_id = house.last(ARCHIVE)
    asked = {"dry_run": False, "dag_run_id": run_id, "task_ids": ["report"], "only_failed": False}
    house.airflow.call("POST", f"/dags/{ARCHIVE}/clearTaskInstances", asked)
    assert house.ended(ARCHIVE, run_id) == "success"
    task = house.airflow.call("GET", f"/dags/{ARCHIVE}/dagRuns/{run_id}/taskInstances/report")
    assert task["try_number"] == 2


def test_the_database_forgets_old_runs_and_goes_on(house: Night) -> None:
    newest = house.last(ARCHIVE)
    with closing(sqlite3.connect(house.airflow.home / "airflow.db", timeout=30)) as database, database:
        aged = "UPDATE dag_run SET start_date = datetime(start_date, '-100 days') WHERE dag_id = ? AND run_id != ?"
        assert database.execute(aged, (ARCHIVE, newest)).rowcount > 3
    cleaned = subprocess.run(
        ["bash", ROOT / "docker/clean-database.sh"],
        env=house.airflow.variables | {"KEEP_DAYS": "90"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert cleaned.returncode == 0, cleaned.stderr
    runs = house.airflow.call("GET", f"/dags/{ARCHIVE}/dagRuns")["dag_runs"]
    assert [each["dag_run_id"] for each in runs] == [newest]
    house.run(ARCHIVE, pages=1)


def test_reading_dags_again_and_again_makes_no_versions(house: Night) -> None:
    assert {dag_id: house.versions(dag_id) for dag_id in DAGS} == dict.fromkeys(DAGS, 1)


def test_operators_hear_of_a_late_run_and_of_a_changed_page(house: Night) -> None:
    facts: dict[str, Any] = {"name": "World / Europe", "path": "/world/europe", "schedule": None, "pages": 5}
    house.set_site(sections={"world/europe": {**facts, "deadline": "PT6S"}}, expect={"fewest": 30, "most": 60})
    house.until(lambda: house.versions(ARCHIVE) == 2)
    run_id = house.airflow.trigger(ARCHIVE, {"pages": 1})
    assert house.ended(ARCHIVE, run_id) == "failed"
    assert house.states(ARCHIVE, run_id)["crawl"] == "failed"
    house.until(lambda: any("late" in each for each in house.mail.subjects(OPERATOR)))
    house.until(lambda: any("layout" in each for each in house.mail.subjects(OPERATOR)))
    assert len(house.mail.subjects(OPERATOR)) == len(set(house.mail.subjects(OPERATOR)))


def test_no_key_is_in_logs_or_in_the_bucket(house: Night, s3: RunningS3) -> None:
    keys = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    secrets = {*(s3.environment[name].encode() for name in keys), house.airflow.password.encode()}
    assert not any(secret in (s3.folder / "s3.log").read_bytes() for secret in secrets)
    logs = [*house.airflow.home.glob("*.log"), *house.airflow.home.glob("logs/**/*.log")]
    assert len(logs) > 20
    result = [(path.name, path.read_bytes()) for path in logs]
    result += [(key, _opened(house.store.get(key))) for key in house.store.keys("")]
    assert not [name for name, text in result if any(secret in text for secret in secrets)]


def test_the_console_is_closed_to_the_anonymous(house: Night) -> None:
    for path in ("/", "/sections/newsroom/world/europe", "/document?key=schemas/article-1.json"):
        assert httpx.get(f"{house.airflow.url}/archive{path}").status_code == 401


@pytest.mark.skipif(not CHROMIUM, reason="needs Chromium: apt-get install chromium")
def test_what_a_person_sees(house: Night) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="light")
        page.set_default_timeout(SECONDS * 1000)
        _log_in(page, house)
        page.get_by_role("link", name="Archive", exact=True).click()
        frame = page.frame_locator("iframe")
        card = frame.locator("article, section").filter(
            has=frame.get_by_role("link", name="The newsroom: World / Europe")
        )
        expect(card.first).to_contain_text("failing")
        expect(card.first).to_contain_text(
            re.compile("Alarm: the layout changed since .*What to do: Open http", re.DOTALL)
        )
        expect(card.first).to_contain_text("has 20 articles, expected 30 to 60")
        expect(frame.get_by_text("Nothing is archived yet")).to_be_visible()  # The other site.
        page.screenshot(path=_image("console.png"))

        page.goto(f"{house.airflow.url}/dags/{ARCHIVE}/runs/{house.last(ARCHIVE)}/plugin/archive-run")
        expect(frame.get_by_role("heading", name="LayoutChanged")).to_be_visible()
        expect(frame.get_by_text(re.compile("20 seen: "))).to_be_visible()
        page.screenshot(path=_image("console-run.png"))

        page.goto(f"{house.airflow.url}/dags/{RECRAWL}/runs/{house.last(RECRAWL)}/plugin/archive-run")
        frame.get_by_role("link", name="what changed").click()
        [version] = [key for key in house.store.keys("articles/newsroom/") if house.newsroom.article_id(55) in key][1:]
        headline = json.loads(house.store.get(version))["headline"]
        expect(frame.get_by_role("heading", name=headline, exact=True)).to_be_visible()
        expect(frame.locator("section.change ins").first).to_be_visible()
        page.screenshot(path=_image("console-changes.png"))
        frame.get_by_role("link", name="captured page").first.click()
        expect(frame.frame_locator("iframe").get_by_role("heading", name=headline).first).to_be_visible()
        browser.close()


def _opened(data: bytes) -> bytes:
    """Return gzipped data unpacked, member by member; other data unchanged."""
    with suppress(gzip.BadGzipFile):
        return gzip.decompress(data)
    return data


def _log_in(page: Page, house: Night) -> None:
    page.goto(f"{house.airflow.url}/")
    page.get_by_label("Username").or_(page.locator("input[name=username]")).first.fill(LOGIN)
    page.locator("input[type=password]").fill(house.airflow.password)
    page.locator("button[type=submit]").click()
    page.wait_for_url(f"{house.airflow.url}/**")
    expect(page.get_by_text("Dags").first).to_be_visible(timeout=SECONDS * 1000)


def _image(name: str) -> Path | str:
    """Return where a screenshot goes: into the docs only when asked for."""
    folder = IMAGES if os.environ.get("PRESSMARK_SCREENSHOTS") else Path(os.environ.get("TMPDIR", "/tmp"))
    return folder / name
