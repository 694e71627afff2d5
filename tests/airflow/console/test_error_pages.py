"""The console without data, and its error pages."""

import socket
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pressmark.errors import BucketUnreachable
from pressmark.monitoring.alarm import Alarm
from pressmark.system.ports import free_port
from pressmark.web.common import repository
from pressmark.web.common.repository import Repository
from tests.airflow.console.conftest import visitor


def test_an_empty_bucket_says_what_to_do(bucket: str) -> None:
    text = visitor().read("/")
    assert "2 sections never run" in text
    assert (
        "open the DAG archive_chinadaily_world_europe, switch it on, and it runs by its schedule, or trigger it."
        in text
    )
    assert "open the DAG archive_newsroom_world_europe, switch it on and trigger it: it has no schedule." in text


def test_an_alarm_says_since_when_and_what_to_do(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    since = datetime.now(UTC) - timedelta(hours=26, minutes=1)
    alarm = Alarm(kind="no-news", title="no news for 26 h", since=since, message="<b>None</b>.", advice="Look.")
    monkeypatch.setattr(
        "pressmark.airflow.console.views.overview.alarms",
        lambda site, *rest: [alarm] if site.site == "newsroom" else [],
    )
    for path in ("/", "/sections/newsroom/world/europe"):
        text = visitor().read(path)
        assert "Alarm: no news for 26 h since 26 h ago <b>None</b>. What to do: Look." in text
    text = visitor().read("/")
    assert "1 alarm" in text
    assert text.index("The newsroom: World") < text.index("China Daily: World"), "what is wrong comes first"


def test_a_bucket_away_is_named_with_what_to_do(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", endpoint)
    console = visitor()
    for path in ("/", "/sections/newsroom/world/europe", "/run?dag_id=archive_newsroom_world_europe&run_id=x"):
        answer = console.get(path, 503)
        assert endpoint in answer.text
        assert bucket in answer.text
        assert "What to do:" in answer.text
        assert "Traceback" not in answer.text


def test_a_bucket_that_never_responds_is_not_waited_for(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{deaf.getsockname()[1]}")
        monkeypatch.setattr(repository, "ANSWERED_WITHIN", 0.2)
        open_store = Repository.open()
        began = time.monotonic()
        assert bucket in visitor(lambda: open_store).read("/", 503)
        with pytest.raises(BucketUnreachable):
            open_store.document("articles/newsroom/2022/02/18/WS1/20220218T005300Z.json")
        assert time.monotonic() - began < 30, "usually a bucket has three minutes for each"


def test_a_bucket_that_refuses_is_named(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    text = visitor().read("/", 503)
    assert f"bucket '{bucket}'" in text
    assert "AWS_SECRET_ACCESS_KEY" in text


def test_it_recovers_with_the_bucket(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    console = visitor()
    with monkeypatch.context() as patch:
        patch.setenv("PRESSMARK_RETENTION", "for ever")
        assert "PRESSMARK_RETENTION" in console.read("/", 500)
    console.get("/")


def test_a_wrong_site_file_is_named(bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "mine.yml").write_text("site: Mine")
    monkeypatch.setenv("PRESSMARK_SITES", str(tmp_path))
    assert f"{tmp_path}/mine.yml" in visitor().read("/")


def test_unknown_addresses_are_not_found(bucket: str) -> None:
    console = visitor()
    for path in ("/sections/newsroom/nowhere", "/sections/nobody/x", "/nowhere", "/static/app.py", "/static/../app.py"):
        assert "Not found" in console.read(path, 404)
    console.get("/run?dag_id=x", 422)


def test_a_mistake_of_ours_shows_no_stack() -> None:
    def broken() -> Repository:
        raise RuntimeError("secret")

    answer = visitor(broken).get("/", 500)
    assert "The console failed" in answer.text
    assert "secret" not in answer.text
