"""Alarms about a site's archive, told by real tasks of Airflow; their callbacks: `tests/dags/test_operators_day.py`."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from airflow.sdk import Context, Variable

from apps.receivers import receivers
from apps.site_alarms import tell_failed_run, tell_findings, tell_no_findings, tell_succeeded_run
from apps.telling import Teller
from apps.told import VariableState
from pressmark.alarm import Kind, unusable
from pressmark.errors import BucketUnreachable
from tests.apps.alarms.conftest import OPS, Tasks
from tests.apps.alarms.servers import MailServer

pytestmark = pytest.mark.slow

SITE = "newsroom"


@pytest.fixture(autouse=True)
def forgotten(tasks: Tasks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody has heard of anything, before and behind."""
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
    def tell(**problems: str) -> None:
        tasks.run(lambda context: tell_findings(SITE, context, problems))

    tell(a="missing", b="damaged")
    tell(b="still damaged", a="still missing")
    assert subjects(mail) == ["2 objects of the archive missing or damaged"]
    tell(a="missing", b="damaged", c="missing")
    assert subjects(mail)[1:] == ["3 objects of the archive missing or damaged"]
    for _ in range(2):
        tasks.run(lambda context: tell_no_findings(SITE, context))
    assert mail.subjects(OPS)[2:] == ["[Pressmark] over: newsroom: 3 objects of the archive missing or damaged"]


def test_twenty_objects_are_named(tasks: Tasks, mail: MailServer) -> None:
    problems = {f"key-{number}": "missing" for number in range(25)}
    tasks.run(lambda context: tell_findings(SITE, context, problems, 3000))
    [(_, sent)] = mail.mails
    text = sent.get_body(("plain",) if sent.get_body(("plain",)) else ("html",)).get_content()  # type: ignore[union-attr]
    assert "key-19" in text
    assert "key-20" not in text
    assert "And 2980 more." in text


def test_whoever_cannot_be_told_is_told_the_next_time(tasks: Tasks, mail: MailServer) -> None:
    mail.refused.add(OPS)
    tasks.run(lambda context: tell_findings(SITE, context, {"a": "missing"}))
    mail.refused.clear()
    tasks.run(lambda context: tell_findings(SITE, context, {"a": "missing"}))
    assert subjects(mail) == ["1 object of the archive missing or damaged"]


@pytest.mark.parametrize("cause", [None, Kind.FINDINGS, Kind.BUCKET_AWAY])
def test_a_failed_run_is_told_once_unless_its_cause_was(tasks: Tasks, mail: MailServer, cause: Kind | None) -> None:
    def run(context: Context) -> None:
        if cause is Kind.FINDINGS:
            tell_findings(SITE, context, {"a": "missing"})
        elif cause:
            away = unusable(BucketUnreachable("nobody answers"), datetime.now(UTC))
            Teller("all", receivers(os.environ), VariableState("bucket"), (), context).tell([away], ())
        for _ in range(2):
            tell_failed_run(SITE, dict(context))
        for _ in range(2):
            tell_succeeded_run(SITE, dict(context))

    tasks.run(run)
    told = [each for each in mail.subjects(OPS) if "failed" in each]
    expected = ["[Pressmark] newsroom: alarms failed", "[Pressmark] over: newsroom: alarms failed"]
    assert told == ([] if cause else expected)
