"""Alarms sent by real Airflow tasks; a real Variable records what was sent."""

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.sdk import Context, Variable
from airflow.sdk.exceptions import AirflowException

from pressmark.airflow.alerts.section import notify_alarms, notify_failed_try
from pressmark.airflow.retries import CrawlLost
from pressmark.errors import (
    BucketError,
    BucketRefused,
    BucketUnreachable,
    ClockWrong,
    KeysExpired,
    RunFailed,
    SpoolError,
    UsageError,
)
from pressmark.local.newsroom.site_file import newsroom_site
from pressmark.monitoring.alarm import Alarm, Kind, unusable
from pressmark.monitoring.alarms import JUDGED
from tests.airflow.alerts.conftest import OPS, Tasks
from tests.airflow.alerts.servers import MailServer, SlackServer

pytestmark = pytest.mark.slow

SITE = newsroom_site()
START = datetime(2026, 11, 25, 5, tzinfo=UTC)
BOSS = "boss@example.org"


def alarm(kind: Kind = Kind.NO_NEWS, since: datetime = START, **changes: Any) -> Alarm:
    facts: dict[str, Any] = {"title": "no news for 26 h", "message": "No <b>news</b> & none.", "advice": "Look at it."}
    return Alarm(kind=kind, since=since, **facts | changes)


@pytest.fixture
def send(tasks: Tasks) -> Callable[..., None]:
    """Send alarms of a section that no other test uses."""
    section = f"world/{uuid.uuid4().hex[:8]}"

    def send(*found: Alarm, judged: frozenset[Kind] = JUDGED) -> None:
        tasks.run(lambda context: notify_alarms(SITE, section, context, found, judged))

    return send


def test_an_incident_is_reported_once(send: Callable[..., None], mail: MailServer) -> None:
    send(alarm())
    send(alarm(title="no news for 27 h"))
    assert len(mail.mails) == 1
    send(alarm(since=START + timedelta(days=2)))
    assert len(mail.mails) == 2


def test_two_kinds_are_two_incidents(send: Callable[..., None], mail: MailServer) -> None:
    send(alarm(), alarm(Kind.FAILING, title="runs fail"))
    send(alarm(Kind.FAILING, title="runs fail"), alarm())
    assert [subject.rpartition(": ")[2] for subject in mail.subjects(OPS)] == ["no news for 26 h", "runs fail"]


def test_the_end_is_reported_once(send: Callable[..., None], mail: MailServer) -> None:
    send(alarm())
    send()
    send()
    first, last = mail.subjects(OPS)
    assert last == first.replace("[Pressmark] ", "[Pressmark] over: ")
    assert "2026-11-25 05:00 UTC is over" in mail.mails[1][1].get_body().get_content()  # type: ignore[union-attr]
    send(alarm())
    assert mail.subjects(OPS)[2] == first


def test_what_is_left_of_an_incident_is_not_reported_again(send: Callable[..., None], mail: MailServer) -> None:
    layout = alarm(Kind.LAYOUT_CHANGED, title="the layout changed")
    rejected = alarm(Kind.REJECTED, START + timedelta(hours=1), title="9 of 10 new pages rejected")
    hidden = {Kind.REJECTED, Kind.FIELDS_MISSING}
    send(layout, judged=JUDGED - hidden)
    send(rejected)
    send(rejected)
    assert len(mail.mails) == 1
    send()
    first, over = mail.subjects(OPS)
    assert over == first.replace("[Pressmark] ", "[Pressmark] over: ")
    send(rejected)
    send(layout, judged=JUDGED - hidden)
    assert len(mail.mails) == 4, "a worse alarm is sent"


def test_what_is_in_doubt_is_not_over(send: Callable[..., None], mail: MailServer) -> None:
    send()  # Ends bucket alarms that another test left.
    mail.mails.clear()
    send(unusable(BucketRefused("no right to put"), START))
    send(judged=JUDGED - {Kind.BUCKET_AWAY})
    assert len(mail.mails) == 1
    send()
    assert len(mail.mails) == 2


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (BucketUnreachable("nobody answers"), "the bucket can't be used"),
        (KeysExpired("expired"), "the bucket can't be used"),
        (ClockWrong("an hour off"), "the bucket can't be used"),
        (SpoolError("no room"), "the spool can't be used"),
        (RunFailed("HTTP 503"), None),
        (UsageError("no such section"), "runs fail"),
        (CrawlLost("exit code -9"), "runs fail"),
        (ValueError("x"), None),
    ],
)
def test_a_failed_try_is_reported_if_it_concerns_bucket_or_disk(
    tasks: Tasks, mail: MailServer, error: Exception, text: str | None
) -> None:
    def fail(context: Context) -> None:
        for name in ("newsroom/world/europe", "bucket"):
            Variable.delete(f"pressmark_alarms/{name}")
        failed = Context(**{**context, "exception": error})
        notify_failed_try("newsroom/world/europe", failed)
        before = len(mail.mails)
        for _ in range(2):
            notify_failed_try("newsroom/world/europe", failed, is_last=True)
        assert before == isinstance(error, BucketError | SpoolError), "the last try reports the others"

    tasks.run(fail)
    where = "all sections" if isinstance(error, BucketError) else "newsroom/world/europe"
    assert mail.subjects(OPS) == ([f"[Pressmark] {where}: {text}"] if text else [])


def test_a_bucket_that_is_away_is_reported_once_for_all_sections(tasks: Tasks, mail: MailServer) -> None:
    away = unusable(BucketUnreachable("nobody answers"), START)

    def send_of(context: Context) -> None:
        Variable.delete("pressmark_alarms/bucket")
        for section in ("world/one", "world/two"):
            notify_alarms(SITE, section, context, [away], {Kind.BUCKET_AWAY})
        for section in ("world/one", "world/two"):
            notify_alarms(SITE, section, context, [], {Kind.BUCKET_AWAY})

    tasks.run(send_of)
    assert mail.subjects(OPS) == [
        "[Pressmark] all sections: the bucket can't be used",
        "[Pressmark] over: all sections: the bucket can't be used",
    ]


def test_what_was_not_looked_for_is_not_over(send: Callable[..., None], mail: MailServer) -> None:
    send(alarm())
    send(judged=frozenset({Kind.BUCKET_AWAY}))
    assert len(mail.mails) == 1


def test_one_that_began_before_all_that_is_known_goes_on(send: Callable[..., None], mail: MailServer) -> None:
    later = START + timedelta(hours=1)
    send(alarm(earlier=True))
    send(alarm(since=later, earlier=True))
    assert len(mail.mails) == 1
    send(alarm(since=later))
    assert len(mail.mails) == 2


def test_a_retry_notifies_only_those_who_were_not_reached(
    send: Callable[..., None], mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRESSMARK_ALARMS", f"smtp:{BOSS},smtp:{OPS}")
    mail.refused.add(BOSS)
    for _ in range(2):
        with pytest.raises(AirflowException, match=rf"could not notify smtp:{BOSS} \(SMTPRecipientsRefused"):
            send(alarm())
    assert (len(mail.subjects(OPS)), len(mail.subjects(BOSS))) == (1, 0)
    mail.refused.clear()
    send(alarm())
    assert (len(mail.subjects(OPS)), len(mail.subjects(BOSS))) == (1, 1)

    mail.refused.add(OPS)
    with pytest.raises(AirflowException, match=OPS):
        send()
    mail.refused.clear()
    send()
    send()
    assert (len(mail.subjects(OPS)), len(mail.subjects(BOSS))) == (2, 2)


def test_who_was_not_notified_of_it_does_not_hear_of_its_end(
    send: Callable[..., None], mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(alarm())
    monkeypatch.setenv("PRESSMARK_ALARMS", f"smtp:{BOSS}")
    send()
    assert len(mail.mails) == 1


def test_a_mail_says_what_is_wrong_and_where(tasks: Tasks, mail: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example/")
    section, run_id = f"a/{uuid.uuid4().hex}", ""
    wrong = alarm(message="{{ 6 * 7 }} of <script> & 'co'")

    def send(context: Context) -> str:
        notify_alarms(SITE, section, context, [wrong], JUDGED)
        return context["run_id"]

    run_id = tasks.run(send)
    [(_, sent)] = mail.mails
    assert sent["Subject"] == f"[Pressmark] newsroom/{section}: no news for 26 h"
    assert sent["From"] == "pressmark@example.org"
    body = sent.get_body(("html",))
    assert body
    text = body.get_content()
    assert "<p>{{ 6 * 7 }} of &lt;script&gt; &amp; &#x27;co&#x27;</p>" in text
    assert "What to do: Look at it." in text
    assert f"https://airflow.example/archive/sections/newsroom/{section}" in text
    assert f"https://airflow.example/dags/alarms/runs/{run_id.replace(':', '%3A').replace('+', '%2B')}" in text


def test_slack_is_notified(send: Callable[..., None], slack: SlackServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRESSMARK_ALARMS", "slack:#nowhere, slack:#archive")
    with pytest.raises(AirflowException, match=r"slack:#nowhere \(SlackApiError: .*channel_not_found"):
        send(alarm(message="<!channel> & {{ 6 * 7 }} *bold* `code` https://evil.example"))
    [message] = slack.messages
    assert message["text"].startswith("[Pressmark] newsroom/world/")
    *texts, links = json.loads(message["blocks"])
    parts = [each["text"] for each in texts]
    assert {each["type"] for each in parts} == {"plain_text"}, "plain text has no markup"
    assert parts[1]["text"] == "<!channel> & {{ 6 * 7 }} *bold* `code` https://evil.example"
    assert "|The run in Airflow>" in links["elements"][0]["text"]


def test_without_a_connection_it_says_which(send: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRESSMARK_ALARMS", "slack:#archive")
    with pytest.raises(AirflowException, match="slack_api_default"):
        send(alarm())


def test_a_variable_that_somebody_broke_is_reported_again(tasks: Tasks, mail: MailServer) -> None:
    for broken in ("[", "[]", '{"no-news": {}}', '{"no-news": {"incident": 1}}', "null"):
        section = uuid.uuid4().hex

        def send(context: Context, section: str = section, broken: str = broken) -> None:
            Variable.set(f"pressmark_alarms/newsroom/{section}", broken)
            notify_alarms(SITE, section, context, [alarm()], JUDGED)
            notify_alarms(SITE, section, context, [alarm()], JUDGED)

        mail.mails.clear()
        tasks.run(send)
        assert len(mail.mails) == 1, broken


def test_what_a_site_wrote_commands_no_mail_head_and_no_terminal(
    send: Callable[..., None], mail: MailServer, slack: SlackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRESSMARK_ALARMS", f"smtp:{OPS}, slack:#archive")
    evil = "it\r\nBcc: thief@example.org\x1b]0;owned\x07\u202e\u2028\x00"
    send(alarm(title=evil, message=evil, advice=evil))
    [subject] = mail.subjects(OPS)
    assert subject.endswith(r": it\r\nBcc: thief@example.org\x1b]0;owned\x07\u202e\u2028\x00")
    assert len(mail.mails) == 1
    [(_, letter)] = mail.mails
    text = "".join(part.get_content() for part in letter.walk() if not part.is_multipart())
    text += "".join(str(value) for message in slack.messages for value in message.values())
    assert text.count("thief@example.org") > 2
    assert not [each for each in "\x1b\x07\u202e\u2028\x00" if each in text]
