"""Alarms about a site's archive, sent by real Airflow tasks; in the real DAGs: `tests/dags/test_operators_day.py`."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import Context, Variable, dag, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException

from pressmark.airflow.alerts.deliver import AlarmSender
from pressmark.airflow.alerts.notifiers import recipients
from pressmark.airflow.alerts.sent_state import VariableState
from pressmark.airflow.alerts.site import notify_findings, notify_no_findings, watch_run
from pressmark.errors import BucketUnreachable
from pressmark.monitoring.alarm import unusable
from tests.airflow.alerts.conftest import OPS, Tasks, ran
from tests.airflow.alerts.servers import MailServer

pytestmark = pytest.mark.slow

SITE = "newsroom"


@pytest.fixture(autouse=True)
def forgotten(tasks: Tasks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No alarm is open before and after a test."""
    monkeypatch.setenv("PRESSMARK_SPOOL", str(tmp_path))

    def forget(context: Context) -> None:
        for name in (SITE, "bucket"):
            Variable.delete(f"pressmark_alarms/{name}")

    tasks.run(forget)
    yield
    tasks.run(forget)


def subjects(mail: MailServer) -> list[str]:
    return [each.removeprefix("[Pressmark] newsroom: ") for each in mail.subjects(OPS)]


def test_the_same_objects_are_one_incident_and_others_another(tasks: Tasks, mail: MailServer) -> None:
    def send(**problems: str) -> None:
        tasks.run(lambda context: notify_findings(SITE, context, problems))

    send(a="missing", b="damaged")
    send(b="still damaged", a="still missing")
    assert subjects(mail) == ["2 objects of the archive missing or damaged"]
    send(a="missing", b="damaged", c="missing")
    assert subjects(mail)[1:] == ["3 objects of the archive missing or damaged"]
    for _ in range(2):
        tasks.run(lambda context: notify_no_findings(SITE, context, datetime.now(UTC)))
    assert mail.subjects(OPS)[2:] == ["[Pressmark] over: newsroom: 3 objects of the archive missing or damaged"]


def test_twenty_objects_are_named(tasks: Tasks, mail: MailServer) -> None:
    problems = {f"key-{number}": "missing" for number in range(25)}
    tasks.run(lambda context: notify_findings(SITE, context, problems, 3000))
    [(_, sent)] = mail.mails
    text = sent.get_body().get_content()  # type: ignore[union-attr]
    assert "key-19" in text
    assert "key-20" not in text
    assert "And 2980 more." in text


def test_a_recipient_who_cannot_be_reached_is_notified_the_next_time(tasks: Tasks, mail: MailServer) -> None:
    mail.refused.add(OPS)
    tasks.run(lambda context: notify_findings(SITE, context, {"a": "missing"}))
    mail.refused.clear()
    tasks.run(lambda context: notify_findings(SITE, context, {"a": "missing"}))
    assert subjects(mail) == ["1 object of the archive missing or damaged"]


class TestRuns:
    """Alarms of the last task of *audit* and *package*, in DAGs of real tasks."""

    @pytest.fixture
    def run(self, airflow_database: None, tmp_path: Path) -> Callable[..., str]:
        def run(*, fails: bool = False, finds: bool = False, enough: int = 1, **params: Any) -> str:
            @dag(dag_id="audit_of_the_test", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC), params=params)
            def of_site() -> None:
                @task
                def look() -> None:
                    if finds:
                        notify_findings(SITE, get_current_context(), {"a": "missing"})
                    if finds or fails:
                        raise AirflowFailException("of the test")

                @task(trigger_rule="all_done")
                def alarms() -> None:
                    watch_run(SITE, get_current_context(), enough)

                look() >> alarms()

            made = of_site()
            folder = tmp_path / "dags"
            folder.mkdir(exist_ok=True)
            return str(ran(made, folder).state)

        return run

    def test_a_failed_run_is_red_and_reported_until_one_succeeds(
        self, run: Callable[..., str], mail: MailServer
    ) -> None:
        assert [run(fails=True), run(fails=True), run(), run()] == ["failed", "failed", "success", "success"]
        started, over = subjects(mail)
        assert started == "audit_of_the_test failed"
        assert over == "[Pressmark] over: newsroom: audit_of_the_test failed"

    def test_so_many_have_to_fail_in_a_row(self, run: Callable[..., str], mail: MailServer) -> None:
        for fails in (True, False, True):
            run(fails=fails, enough=2)
        assert subjects(mail) == []
        run(fails=True, enough=2)
        assert subjects(mail) == ["audit_of_the_test failed"]
        run()

    def test_what_a_task_has_reported_is_not_reported_again(self, run: Callable[..., str], mail: MailServer) -> None:
        assert run(finds=True) == "failed"
        assert subjects(mail) == ["1 object of the archive missing or damaged"]
        assert run(fails=True) == "failed"
        assert subjects(mail)[1:] == ["audit_of_the_test failed"], "another failure is another alarm"
        run()

    def test_a_run_over_some_days_ends_nothing(self, run: Callable[..., str], mail: MailServer) -> None:
        run(fails=True)
        run(since="2026-11-01")
        assert len(mail.mails) == 1
        run(since=None)
        assert len(mail.mails) == 2

    def test_a_bucket_that_is_away_was_reported(self, run: Callable[..., str], tasks: Tasks, mail: MailServer) -> None:
        away = unusable(BucketUnreachable("nobody answers"), datetime.now(UTC))

        def send(context: Context) -> None:
            AlarmSender("all", recipients(os.environ["PRESSMARK_ALARMS"]), VariableState("bucket"), (), context).send(
                [away], ()
            )

        tasks.run(send)
        for _ in range(2):
            assert run(fails=True, enough=2) == "failed"
        assert len(mail.mails) == 1
        tasks.run(lambda context: Variable.delete("pressmark_alarms/bucket"))
        assert run(fails=True, enough=2) == "failed"
        assert len(mail.mails) == 1, "the earlier failures were the bucket's"
        run()


def test_an_audit_ends_only_what_was_reported_before_it_began(tasks: Tasks, mail: MailServer) -> None:
    began = datetime.now(UTC)
    tasks.run(lambda context: notify_findings(SITE, context, {"a": "missing"}))
    tasks.run(lambda context: notify_no_findings(SITE, context, began))
    assert len(mail.mails) == 1
    tasks.run(lambda context: notify_no_findings(SITE, context, datetime.now(UTC)))
    assert len(mail.mails) == 2
