"""The control interface and the command."""

import socket
from datetime import datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from pressmark.local.newsroom import CLOCK_START, Newsroom
from pressmark.local.newsroom.command import newsroom_command
from pressmark.local.newsroom.http import server_thread
from pressmark.sites.site_files import load_sites


def test_state(client: httpx.Client, newsroom: Newsroom) -> None:
    state = client.get("/-/state").json()
    assert datetime.fromisoformat(state["clock"]) == newsroom.clock
    assert state["seed"] == 1
    assert state["articles"]["world/europe"] == newsroom.count()
    assert len(state["articles"]) == 9


def test_publish_and_change(client: httpx.Client, newsroom: Newsroom) -> None:
    published = client.post("/-/publish").json()
    assert published["article_id"] == newsroom.article_id(-1)
    assert client.get(published["path"]).status_code == 200
    sister = client.post("/-/publish", json={"section": "world/africa"}).json()
    assert sister["section"] == "world/africa"
    updated = client.post("/-/update", json={"article_id": published["article_id"]}).json()
    assert updated["updated_at"] > published["updated_at"]
    silent = client.post("/-/edit-silently", json={"article": -1, "section": "world/africa"}).json()
    assert silent["article_id"] == sister["article_id"]
    assert silent["updated_at"] == sister["updated_at"]
    gone = client.post("/-/withdraw", json={"article_id": sister["article_id"], "status": 410}).json()
    assert gone["status"] == 410
    assert client.get(sister["path"]).status_code == 410


def test_faults(client: httpx.Client, newsroom: Newsroom) -> None:
    asked = {"path": "/world/cn_eu", "kind": "status-500", "times": 1}
    assert client.post("/-/fault", json=asked).json() == asked
    assert client.get("/world/cn_eu").status_code == 500
    assert client.get("/world/cn_eu").status_code == 200
    client.post("/-/fault", json={"path": "/world/cn_eu", "kind": "status-500"})
    assert client.post("/-/clear-faults").json() == {"cleared": 1}
    assert client.get("/world/cn_eu").status_code == 200


def test_advance(client: httpx.Client, newsroom: Newsroom) -> None:
    before = newsroom.clock
    client.post("/-/advance", json={"by": "10m"})
    answer = client.post("/-/advance", json={"seconds": 30}).json()
    assert datetime.fromisoformat(answer["clock"]) == newsroom.clock == before + timedelta(minutes=10, seconds=30)


@pytest.mark.parametrize(
    ("action", "body", "status", "complaint"),
    [
        ("publish", {"section": "sports"}, 404, "no section 'sports'. Known: world/europe"),
        ("publish", {"section": ["x"]}, 404, "no section"),
        ("publish", {"sektion": "x"}, 422, "unknown key sektion: publish takes section"),
        ("publish", [1], 422, "must be a JSON object"),
        ("update", {}, 422, "article_id"),
        ("update", {"article_id": "WS1"}, 404, "no article 'WS1'"),
        ("update", {"article": 100_000}, 404, "no article 100000"),
        ("update", {"article": "x"}, 422, "whole number"),
        ("withdraw", {"article": 0, "status": 200}, 422, "404 or 410"),
        ("fault", {"kind": "status-500"}, 422, "path is missing"),
        ("fault", {"path": "/", "kind": "flood"}, 422, "one of status-500"),
        ("fault", {"path": "/", "kind": "no-body"}, 422, "article page"),
        ("fault", {"path": "/", "kind": "status-500", "times": True}, 422, "whole number"),
        ("advance", {}, 422, "either"),
        ("advance", {"by": "soon"}, 422, "no duration"),
        ("advance", {"seconds": -1}, 422, "forward"),
        ("advance", {"seconds": 10**30}, 422, ""),
        ("advance", {"seconds": 10**12}, 422, "too far"),
    ],
)
def test_mistakes_are_reported(
    client: httpx.Client, newsroom: Newsroom, action: str, body: Any, status: int, complaint: str
) -> None:
    before = newsroom.clock, newsroom.count(), newsroom.faults
    answer = client.post(f"/-/{action}", json=body)
    assert answer.status_code == status
    assert complaint in answer.json()["error"]
    assert (newsroom.clock, newsroom.count(), newsroom.faults) == before


def test_no_json(client: httpx.Client) -> None:
    assert client.post("/-/publish", content=b"{").status_code == 422
    assert client.post("/-/publish", content=b"\xff").status_code == 422
    assert client.get("/-/publish").status_code == 405


def test_changes_from_many_threads(client: httpx.Client, newsroom: Newsroom) -> None:
    before = newsroom.count()
    threads = [Thread(target=lambda: [newsroom.publish() for _ in range(20)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(10):
        assert client.get("/world/europe").status_code == 200
        client.post("/-/publish")
    for thread in threads:
        thread.join()
    assert newsroom.count() == before + 90
    assert len(set(newsroom.ids())) == before + 90


def test_command_help() -> None:
    result = CliRunner().invoke(newsroom_command, ["--help"])
    assert result.exit_code == 0
    assert "Examples:" in result.output
    assert "--crawl-delay" in result.output


def test_port_in_use() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = CliRunner().invoke(newsroom_command, ["--port", str(port)])
    assert result.exit_code == 2
    assert result.stderr == f"Error: port {port} of 127.0.0.1 is in use: choose another with --port\n"


def test_command_mistakes(tmp_path: Path) -> None:
    script = tmp_path / "script.yml"
    script.write_text("- {after: 10m, do: update, articel: 3}\n")
    for arguments, complaint in (
        (["--script", str(script)], "unknown key articel: update takes article, section"),
        (["--clock", "noon"], "'noon' is no time"),
        (["--clock", "1999-01-01T00:00:00+08:00"], "out of range"),
        (["--articles", "0"], "not in the range"),
    ):
        result = CliRunner().invoke(newsroom_command, arguments)
        assert result.exit_code == 2
        assert complaint in " ".join(result.stderr.split())


def test_command_opens_a_newsroom(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    opened: list[Newsroom] = []

    def serve(newsroom: Newsroom, host: str, port: int, on_ready: Any) -> None:
        opened.append(newsroom)
        on_ready(f"http://{host}:{port}")

    monkeypatch.setattr(server_thread, "serve", serve)
    result = CliRunner().invoke(newsroom_command, ["--articles", "30", "--seed", "4", "--sites", str(tmp_path)])
    assert result.exit_code == 0
    assert result.output == (
        f"The newsroom is open: http://127.0.0.1:8765/world/europe\nTo archive it: export PRESSMARK_SITES={tmp_path}\n"
    )
    assert load_sites(tmp_path)["newsroom"].origin == "http://127.0.0.1:8765"
    assert (opened[0].count(), opened[0].seed, opened[0].clock) == (30, 4, CLOCK_START)
