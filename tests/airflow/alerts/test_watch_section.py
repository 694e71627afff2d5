"""A section is judged after each run: real crawls, and alarms from their history."""

import logging
from datetime import UTC, datetime, timedelta

import pytest
from airflow.sdk import Context, Variable
from airflow.sdk.exceptions import AirflowFailException

from pressmark.airflow.alerts.section import watch_section
from pressmark.archive.bucket import manifest
from pressmark.archive.s3.store import Store
from pressmark.model.document import timestamp
from pressmark.system.ports import free_port
from tests.airflow.alerts.conftest import OPS, Tasks
from tests.airflow.alerts.servers import MailServer
from tests.support.archive import SECTION, Archive
from tests.support.manifests import manifest_of

pytestmark = pytest.mark.long


def kinds_of(tasks: Tasks) -> list[str]:
    """Watch the section, and return the open alarms."""
    return [alarm["kind"] for alarm in tasks.run(lambda context: watch_section(SECTION, context))]


def test_an_alarm_goes_on_until_it_is_over(archive: Archive, tasks: Tasks, mail: MailServer) -> None:
    tasks.run(_forget)
    assert kinds_of(tasks) == []  # There was no run.
    archive.crawl()
    assert kinds_of(tasks) == []
    archive.set_site(expect={"news": "PT0.01S"})
    assert kinds_of(tasks) == kinds_of(tasks) == ["no-news"]
    archive.set_site(expect={"news": None})
    assert kinds_of(tasks) == []
    started, over = mail.subjects(OPS)
    assert started == "[Pressmark] newsroom/world/europe: no news for 0 min"
    assert over == "[Pressmark] over: newsroom/world/europe: no news for 0 min"


def test_an_alarm_is_whole_in_what_the_task_returns(archive: Archive, tasks: Tasks) -> None:
    archive.crawl()
    archive.set_site(expect={"news": "PT0.01S"})
    [alarm] = tasks.run(lambda context: watch_section(SECTION, context))
    assert alarm.keys() == {"kind", "incident", "title", "since", "message", "advice"}
    assert alarm["incident"] == f"no-news {alarm['since']}"


def test_without_recipients_the_log_has_the_alarm(
    archive: Archive, tasks: Tasks, caplog: pytest.LogCaptureFixture
) -> None:
    archive.crawl()
    archive.set_site(expect={"news": "PT0.01S"})
    for _ in range(2):
        caplog.clear()
        tasks.run(lambda context: watch_section(SECTION, context))
        [warning] = [each for each in caplog.records if each.name == "pressmark.alarms"]
        assert warning.levelno == logging.WARNING
        assert warning.getMessage().startswith("newsroom/world/europe: no news for 0 min. The last new version came")


def test_a_bucket_that_is_away_is_reported_once_and_ends_nothing(
    archive: Archive, tasks: Tasks, mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks.run(_forget)
    archive.crawl()
    archive.set_site(expect={"news": "PT0.01S"})
    kinds_of(tasks)
    with monkeypatch.context() as away:
        away.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{free_port()}")
        assert kinds_of(tasks) == kinds_of(tasks) == ["bucket-away"]
    assert kinds_of(tasks) == ["no-news"]
    started = [subject.removeprefix("[Pressmark] ") for subject in mail.subjects(OPS)]
    assert started == [
        f"{SECTION}: no news for 0 min",
        "all sections: the bucket can't be used",
        "over: all sections: the bucket can't be used",
    ]


def test_it_goes_back_as_far_as_it_must(archive: Archive, tasks: Tasks, monkeypatch: pytest.MonkeyPatch) -> None:
    """The latest news may be older than the runs that are read first."""
    now = datetime.now(UTC)
    for minutes, published in ((1, 0), (60, 0), (120, 3)):
        _write_manifest(archive.store, now - timedelta(minutes=minutes), published)
    archive.set_site(expect={"news": "PT90M"})
    monkeypatch.setattr("pressmark.monitoring.alarms.LOOKED_AT", 1)
    [alarm] = tasks.run(lambda context: watch_section(SECTION, context))
    assert alarm["since"] == timestamp(now - timedelta(minutes=120))


@pytest.mark.parametrize(
    ("variable", "value", "started"),
    [("PRESSMARK_ALARMS", "ops@example.org", "is no recipient"), ("PRESSMARK_SITES", "/nowhere", "no such folder")],
)
def test_what_no_retry_mends_fails_for_good(
    archive: Archive, tasks: Tasks, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, started: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(AirflowFailException, match=started):
        tasks.run(lambda context: watch_section(SECTION, context))


def test_a_changed_layout_is_one_mail_and_one_all_clear(archive: Archive, tasks: Tasks, mail: MailServer) -> None:
    """Its listing shows too few entries, and most of what is new can't be read."""
    tasks.run(_forget)
    archive.crawl()
    kinds_of(tasks)
    archive.newsroom.advance(timedelta(hours=1))
    new = {archive.newsroom.publish() for _ in range(4)}
    for each in archive.newsroom.listing("world/europe", 1):
        if each.article_id in new:
            archive.newsroom.fault(each.path, "no-headline")
    archive.newsroom.fault("/world/europe/page_2.html", "empty-listing", 1)
    archive.set_site(expect={"fewest": 5, "most": 60, "late": "PT0.01S", "rejected": 0.1})
    assert archive.crawl("--recheck").manifest["failure"] == "LayoutChanged"
    assert kinds_of(tasks) == ["layout-changed"]
    archive.newsroom.clear_faults()
    archive.set_site(expect={"fewest": 5, "most": 60})
    archive.crawl("--recheck")
    assert kinds_of(tasks) == kinds_of(tasks) == []
    started, over = mail.subjects(OPS)
    assert over == started.replace("[Pressmark] ", "[Pressmark] over: ")


def test_a_site_that_does_not_answer_is_reported_after_two_dag_runs_and_one_that_refuses_at_once(
    archive: Archive, tasks: Tasks, mail: MailServer
) -> None:
    tasks.run(_forget)
    archive.set_site(politeness={"delay": 0, "concurrency": 4, "timeout": 10, "retries": 0})
    archive.newsroom.fault("/world/europe", "status-500")
    for number, kinds in ((1, []), (2, ["failing"]), (3, ["failing"])):
        assert archive.crawl("--run-id", f"20261128T0{number}0000-abc{number}").manifest["failure"] == "RunFailed"
        assert kinds_of(tasks) == kinds
    archive.newsroom.clear_faults()
    archive.crawl()
    assert kinds_of(tasks) == []
    assert [each.rpartition(": ")[2] for each in mail.subjects(OPS)] == ["runs fail, 2 runs in a row"] * 2


def _write_manifest(store: Store, moment: datetime, published: int) -> None:
    """Write what a complete run left that began and ended then."""
    site, _, section = SECTION.partition("/")
    run_id = f"{moment:%Y%m%dT%H%M%S}"
    counts = {"published": published}
    manifest.write(store, manifest_of(moment, run_id, site=site, section=section, counts=counts))


def _forget(context: Context) -> None:
    Variable.delete(f"pressmark_alarms/{SECTION}")
