"""An operator's day on a real Airflow: actions on runs, sites and machines, and their visible effects."""

import html
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import httpx
import pytest
import yaml

from pressmark.local.airflow import LocalAirflow
from pressmark.local.s3server import RunningS3
from pressmark.monitoring.alarm import TITLES, Kind
from pressmark.system.child_process import ServiceFailed
from pressmark.system.ports import free_port
from tests.conftest import ROOT, fresh_bucket
from tests.dags.night import ARCHIVE, AUDIT, HASTE, SECONDS, SLOW, Night, night
from tests.support.s3_proxy import Fault, Proxy, error, of, proxied

pytestmark = pytest.mark.long

WATCH = "watch_site_files"
ALL = ["recover", "crawl", "verify", "report", "alarms"]
FAST = {"delay": 0, "concurrency": 4, "timeout": 10, "retries": 0}


@attrs.frozen
class Day:
    """What is up."""

    night: Night
    bucket: Proxy
    """Before the S3 server."""


@pytest.fixture(scope="module")
def day(s3: RunningS3, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    """The installation for the whole file: its tests run in order, like one day."""
    with pytest.MonkeyPatch.context() as patch, proxied(s3.endpoint) as proxy:
        bucket = fresh_bucket(s3, patch)
        folder = tmp_path_factory.mktemp("day")
        with night(folder, s3, bucket, AWS_ENDPOINT_URL_S3=proxy.endpoint, **HASTE) as up:
            yield Day(up, proxy)


@pytest.fixture
def house(day: Day) -> Iterator[Night]:
    """The installation without running crawls and without open alarms."""
    day.night.set_site(politeness=FAST)
    day.night.until(day.night.has_packaged)
    day.night.mail.mails.clear()
    yield day.night
    day.bucket.rule = lambda request: None


@pytest.fixture
def quiet(house: Night) -> Iterator[None]:
    """The test sends no alarm."""
    yield
    assert house.sent_subjects() == []


@pytest.mark.usefixtures("quiet")
def test_a_run_of_the_future_ends_when_it_is_marked(house: Night) -> None:
    run_id = _trigger_at(house, datetime.now(UTC) + timedelta(days=10))
    house.until(lambda: house.airflow.call("GET", f"/dags/{ARCHIVE}/dagRuns/{run_id}")["state"] == "running")
    house.mark(ARCHIVE, run_id, "failed")
    assert house.ended(ARCHIVE, run_id) == "failed"
    assert set(house.states(ARCHIVE, run_id).values()) == {"skipped"}
    house.airflow.call("DELETE", f"/dags/{ARCHIVE}/dagRuns/{run_id}")
    house.run(ARCHIVE, pages=1)


@pytest.mark.usefixtures("quiet")
def test_a_run_of_the_past_has_tasks(house: Night) -> None:
    run_id = _trigger_at(house, datetime(2001, 9, 11, tzinfo=UTC))
    assert house.ended(ARCHIVE, run_id) == "success"
    assert house.states(ARCHIVE, run_id) == dict.fromkeys(ALL, "success")


@pytest.mark.usefixtures("quiet")
def test_a_run_that_goes_on_is_not_deleted(house: Night) -> None:
    house.set_site(politeness=SLOW)
    run_id = house.started(recheck=True, pages=1)
    with pytest.raises(ServiceFailed, match="409"):
        house.airflow.call("DELETE", f"/dags/{ARCHIVE}/dagRuns/{run_id}")
    assert house.ended(ARCHIVE, run_id) == "success"


@pytest.mark.usefixtures("quiet")
def test_a_run_marked_as_failed_has_failed(house: Night) -> None:
    house.set_site(politeness=SLOW)
    run_id = house.started(recheck=True, pages=3)
    house.mark(ARCHIVE, run_id, "failed")
    assert house.ended(ARCHIVE, run_id) == "failed"
    house.until(lambda: not house.crawls(), 30)
    assert house.airflow.call("GET", f"/dags/{ARCHIVE}/dagRuns/{run_id}")["state"] == "failed"
    assert house.states(ARCHIVE, run_id)["report"] == "skipped"
    house.set_site(politeness=FAST)
    house.clear(ARCHIVE, run_id, "crawl")
    house.until(lambda: house.states(ARCHIVE, run_id)["crawl"] == "failed")
    assert "clear the crawl together with what follows it" in house.log(ARCHIVE, run_id, "crawl", 2)
    house.clear(ARCHIVE, run_id, "crawl", downstream=True)
    assert house.ended(ARCHIVE, run_id) == "success"


@pytest.mark.usefixtures("quiet")
def test_a_crawl_marked_as_success_is_no_success(house: Night) -> None:
    house.set_site(politeness=SLOW)
    run_id = house.started(recheck=True, pages=3)
    house.mark(ARCHIVE, run_id, "success", "crawl")
    assert house.ended(ARCHIVE, run_id) == "failed"
    assert house.states(ARCHIVE, run_id) | {"crawl": "success", "verify": "failed", "report": "upstream_failed"} == (
        house.states(ARCHIVE, run_id)
    )
    assert "was marked as success by hand" in house.log(ARCHIVE, run_id, "verify")
    house.until(lambda: not house.crawls(), 30)


@pytest.mark.usefixtures("quiet")
def test_a_crawl_cleared_alone_says_what_else_to_clear(house: Night) -> None:
    run_id = house.run(ARCHIVE, pages=1)
    manifest = house.airflow.result(ARCHIVE, run_id, "crawl")["manifest_key"]
    house.clear(ARCHIVE, run_id, "crawl")
    house.ended(ARCHIVE, run_id)  # As its last tasks have: they report the previous crawl, and so does the task.
    assert house.states(ARCHIVE, run_id)["crawl"] == "failed"
    assert "verify of this run would report the previous crawl" in house.log(ARCHIVE, run_id, "crawl", 2)
    house.clear(ARCHIVE, run_id, "crawl", downstream=True)
    assert house.ended(ARCHIVE, run_id) == "success"
    assert house.airflow.result(ARCHIVE, run_id, "crawl")["manifest_key"] != manifest
    report = house.airflow.call("GET", f"/dags/{ARCHIVE}/dagRuns/{run_id}/taskInstances/report")
    assert report["try_number"] == 2


@pytest.mark.usefixtures("quiet")
def test_two_runs_triggered_at_once_go_one_after_the_other(house: Night) -> None:
    first, second = (house.airflow.trigger(ARCHIVE, {"pages": 2, "recheck": True}) for _ in range(2))
    assert [house.ended(ARCHIVE, run_id) for run_id in (first, second)] == ["success", "success"]
    began, ended = (
        house.began(ARCHIVE, second, "recover"),
        house.airflow.call("GET", f"/dags/{ARCHIVE}/dagRuns/{first}"),
    )
    assert began.isoformat() > ended["end_date"]


def test_a_run_that_takes_too_long_is_ended_and_reported_once(house: Night) -> None:
    _set_section(house, deadline="PT3S", time_limit="PT2S")  # So Airflow ends it after 36 s.
    house.set_site(politeness=SLOW)
    run_id = house.airflow.trigger(ARCHIVE, {"pages": 3, "recheck": True})
    assert house.ended(ARCHIVE, run_id) == "failed"
    house.until(house.sent_subjects)
    house.until(lambda: "dag callback" in _callbacks(house))
    assert [
        subject for subject in house.sent_subjects() if "late" in subject or "too long" in subject
    ] == house.sent_subjects()[:1]
    before = len(house.sent_subjects())
    future = _trigger_at(house, datetime.now(UTC) + timedelta(days=10))
    assert house.ended(ARCHIVE, future) == "failed", "nobody has to mark it"
    house.until(lambda: len(house.sent_subjects()) > before)
    _set_section(house)
    house.set_site(politeness=FAST)
    house.run(ARCHIVE, pages=1)


def test_a_wrong_site_file_is_an_import_error_and_one_mail_and_others_go_on(house: Night) -> None:
    def errors() -> list[str]:
        return [each["filename"] for each in house.airflow.call("GET", "/importErrors")["import_errors"]]

    wrong = house.sites / "mine.yml"
    wrong.write_text("site: mine\nhosts: [")
    house.until(errors)
    assert errors() == ["wrong_site_files.py"]
    for _ in range(2):
        assert house.ended(WATCH, house.airflow.trigger(WATCH)) == "failed"
    house.run(ARCHIVE, pages=1)
    wrong.unlink()
    house.run(WATCH)
    assert house.sent_subjects() == ["site files: a site file is wrong", "over: site files: a site file is wrong"]
    house.until(lambda: not errors())


@pytest.mark.parametrize("why", ["AccessDenied", "RequestTimeTooSkewed"])
def test_a_bucket_that_is_away_is_reported_at_the_first_failed_try_and_once(day: Day, house: Night, why: str) -> None:
    day.bucket.rule = lambda request: Fault(answer=error(403, why), reaches_server=False)
    run_id = house.airflow.trigger(ARCHIVE, {"pages": 1})
    assert house.ended(ARCHIVE, run_id) == "failed"
    assert house.sent_subjects() == ["all sections: the bucket can't be used"]
    day.bucket.rule = lambda request: None
    house.clear(ARCHIVE, run_id, "recover", downstream=True)
    assert house.ended(ARCHIVE, run_id) == "success"
    assert house.sent_subjects()[1:] == ["over: all sections: the bucket can't be used"]


def test_a_disk_that_is_away_is_reported_at_the_first_failed_try_and_once(house: Night) -> None:
    aside = house.spool.rename(house.spool.with_name("aside"))
    house.spool.write_text("no folder")
    run_id = house.airflow.trigger(ARCHIVE, {"pages": 1})
    house.until(house.sent_subjects)
    [subject] = house.sent_subjects()
    assert subject == f"newsroom/world/europe: {TITLES[Kind.SPOOL]}"
    house.mark(ARCHIVE, run_id, "failed")
    assert house.ended(ARCHIVE, run_id) == "failed"
    house.spool.unlink()
    aside.rename(house.spool)
    house.run(ARCHIVE, pages=1)
    assert house.sent_subjects()[1:] == [f"over: {subject}"]


def test_a_bucket_that_takes_nothing_is_reported_until_a_crawl_went_well(day: Day, house: Night) -> None:
    writes = of("PUT"), of("POST")
    day.bucket.rule = lambda request: (
        Fault(answer=error(403, "AccessDenied"), reaches_server=False)
        if any(each(request) for each in writes)
        else None
    )
    for _ in range(2):
        assert house.ended(ARCHIVE, house.airflow.trigger(ARCHIVE, {"pages": 1})) == "failed"
    assert house.sent_subjects() == ["all sections: the bucket can't be used"]
    day.bucket.rule = lambda request: None
    house.run(ARCHIVE, pages=1)
    assert house.sent_subjects()[1:] == ["over: all sections: the bucket can't be used"]


def test_a_changed_layout_is_one_alarm_and_one_all_clear(house: Night) -> None:
    house.set_site(expect={"fewest": 30, "most": 60})
    for _ in range(2):
        run_id = house.airflow.trigger(ARCHIVE, {"pages": 1})
        assert house.ended(ARCHIVE, run_id) == "failed"
    assert house.sent_subjects() == ["newsroom/world/europe: the layout changed"]
    _say_the_same(house, run_id)
    house.set_site(expect={"fewest": 5, "most": 60})
    house.run(ARCHIVE, pages=1)
    assert house.sent_subjects()[1:] == ["over: newsroom/world/europe: the layout changed"]


def test_a_run_that_the_bucket_lost_is_reported_until_it_is_back(house: Night) -> None:
    manifest = house.airflow.result(ARCHIVE, house.run(ARCHIVE, pages=1), "crawl")["manifest_key"]
    kept = house.store.get(manifest)
    house.store.client.delete_object(Bucket=house.store.bucket, Key=manifest)
    for _ in range(2):
        house.run(ARCHIVE, pages=1)
    assert house.sent_subjects() == ["all sections: the bucket lacks runs that it had"]
    house.store.put(manifest, kept)
    house.run(ARCHIVE, pages=1)
    assert house.sent_subjects()[1:] == ["over: all sections: the bucket lacks runs that it had"]


def test_a_damaged_object_is_reported_until_an_audit_finds_none(house: Night) -> None:
    document = next(iter(house.store.keys("articles/newsroom/")))
    kept = house.store.get(document)
    house.store.put(document, kept[:-1])
    damaged = "newsroom: 1 object of the archive missing or damaged"
    for _ in range(2):
        run_id = house.airflow.trigger(AUDIT, {"sample": 0})
        assert house.ended(AUDIT, run_id) == "failed"
        assert house.states(AUDIT, run_id)["audit"] == "failed"
    assert house.sent_subjects() == [damaged], "that the audit failed follows from it"
    house.store.put(document, kept)
    house.run(AUDIT, sample=0)
    assert house.sent_subjects()[1:] == [f"over: {damaged}"]


def test_an_audit_that_fails_is_reported_until_one_succeeds(house: Night) -> None:
    for _ in range(2):
        run_id = house.airflow.trigger(AUDIT, {"since": "2026-11-02", "until": "2026-11-01"})
        assert house.ended(AUDIT, run_id) == "failed"
    house.run(AUDIT, sample=0)
    assert house.sent_subjects() == ["newsroom: audit_newsroom failed", "over: newsroom: audit_newsroom failed"]


@pytest.mark.usefixtures("quiet")
def test_a_pool_that_was_deleted_is_made_again(house: Night) -> None:
    house.airflow.call("DELETE", "/pools/host_newsroom")
    house.run(ARCHIVE, pages=1)
    assert house.airflow.call("GET", "/pools/host_newsroom")["slots"] == 1


@pytest.mark.usefixtures("quiet")
def test_a_site_that_is_added_has_its_pool_at_once(house: Night) -> None:
    facts = yaml.safe_load((house.sites / "newsroom.yml").read_text())
    (house.sites / "second.yml").write_text(yaml.safe_dump(facts | {"site": "second", "title": "Another one"}))
    dag_id = "archive_second_world_europe"
    house.airflow.unpause(dag_id)
    house.run(dag_id, pages=1)
    assert house.airflow.call("GET", "/pools/host_second")["slots"] == 1
    (house.sites / "second.yml").unlink()


@pytest.mark.usefixtures("quiet")
def test_a_run_of_a_section_that_is_switched_off_waits_for_it_or_for_a_mark(house: Night) -> None:
    house.set_site(politeness=SLOW)
    waiting = house.started(recheck=True, pages=1)
    _set_section(house, enabled=False)
    house.until(lambda: house.states(ARCHIVE, waiting)["crawl"] == "success")
    assert house.states(ARCHIVE, waiting)["verify"] not in {"success", "failed"}
    _set_section(house)
    assert house.ended(ARCHIVE, waiting) == "success"
    marked = house.started(recheck=True, pages=3)
    _set_section(house, enabled=False)
    house.mark(ARCHIVE, marked, "failed")
    assert house.ended(ARCHIVE, marked) == "failed"
    house.until(lambda: not house.crawls(), 30)
    _set_section(house)


@pytest.mark.usefixtures("quiet")
def test_a_scheduler_that_is_killed_is_missed_and_nothing_is_lost(house: Night) -> None:
    house.set_site(politeness=SLOW)
    run_id = house.started(recheck=True, pages=2)
    scheduler = house.airflow.head("scheduler")
    scheduler.kill()
    scheduler.stop()
    house.set_site(politeness=FAST)
    scheduler.start()
    assert house.ended(ARCHIVE, run_id) in {"success", "failed"}
    house.run(ARCHIVE, pages=1)


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("part", ["api-server", "dag-processor"])
def test_another_part_that_is_killed_is_started_again(house: Night, part: str) -> None:
    house.set_site(politeness=SLOW)
    run_id = house.started(recheck=True, pages=2)
    program = house.airflow.head(part)
    program.kill()
    program.stop()
    program.start()
    program.wait_until(house.airflow.is_healthy, SECONDS)
    house.set_site(politeness=FAST)
    assert house.ended(ARCHIVE, run_id) == "success"


@pytest.mark.usefixtures("quiet")
def test_a_spool_that_is_lost_costs_what_was_not_uploaded_alone(house: Night) -> None:
    documents = set(house.store.keys("articles/newsroom/"))
    shutil.rmtree(house.spool)
    house.run(ARCHIVE, pages=3, recheck=True)
    assert set(house.store.keys("articles/newsroom/")) == documents


@pytest.mark.usefixtures("quiet")
def test_a_lost_database_and_another_machine_cost_nothing(house: Night, tmp_path: Path) -> None:
    documents = set(house.store.keys("articles/newsroom/"))
    environment = {**house.airflow.environment, "PRESSMARK_SPOOL": str(tmp_path / "spool")}
    house.airflow.stop()
    airflow = LocalAirflow(tmp_path / "airflow", ROOT / "dags", free_port(), environment)
    with airflow.running():
        moved = attrs.evolve(house, airflow=airflow, spool=tmp_path / "spool")
        airflow.unpause(ARCHIVE)
        moved.run(ARCHIVE, pages=3, recheck=True)
        assert set(house.store.keys("articles/newsroom/")) == documents


def test_all_that_this_day_left_is_whole(day: Day) -> None:
    day.night.verify()


def _trigger_at(house: Night, moment: datetime) -> str:
    asked = {"logical_date": moment.isoformat(), "conf": {"pages": 1}}
    return str(house.airflow.call("POST", f"/dags/{ARCHIVE}/dagRuns", asked)["dag_run_id"])


def _say_the_same(house: Night, run_id: str) -> None:
    """One incident: mail, log, console and command line describe it in the same words."""
    command = [sys.executable, "-m", "pressmark", "status", "--alarms", "--json"]
    done = subprocess.run(command, env=dict(house.airflow.environment), check=True, capture_output=True, text=True)
    rows = {each["section"]: each["alarms"] for each in json.loads(done.stdout)}
    [alarm] = rows["newsroom/world/europe"]
    [(_, mail)] = house.mail.mails
    body = mail.get_body().get_content()  # type: ignore[union-attr]
    links = re.findall(r'href="([^"]+)"', body)
    sent = _words_of(body)
    pages = {link: httpx.get(link, headers=house.token()) for link in links}
    assert {each.status_code for each in pages.values()} == {200}
    [console] = [each.text for link, each in pages.items() if "/archive/sections/" in link]
    log = " ".join(each["event"] for each in house.events(ARCHIVE, run_id, "alarms"))
    places = {"mail": sent, "console": _words_of(console), "log": log}
    title = alarm["title"].partition(",")[0]  # After it, the number of runs so far.
    for name, text in places.items():
        assert title in f"{mail['Subject']} {text}", name
        assert alarm["advice"] in text, name


def _words_of(page: str) -> str:
    return " ".join(html.unescape(re.sub("<[^>]+>", "", page)).split())


def _set_section(house: Night, **facts: object) -> None:
    """Change the section, and wait until Airflow has seen it."""
    path, known = house.sites / "newsroom.yml", house.versions(ARCHIVE)
    before = yaml.safe_load(path.read_text())["sections"]["world/europe"]
    section = {"name": "World / Europe", "path": "/world/europe", "schedule": None, "pages": 5} | facts
    house.set_site(sections={"world/europe": section})
    is_off = facts.get("enabled") is False
    if not is_off and before.get("enabled", True):
        house.until(lambda: house.versions(ARCHIVE) > known)
    house.until(lambda: house.airflow.call("GET", f"/dags/{ARCHIVE}")["is_stale"] is is_off)


def _callbacks(house: Night) -> str:
    return "".join(path.read_text() for path in house.airflow.home.glob("logs/dag_processor/**/*.log"))
