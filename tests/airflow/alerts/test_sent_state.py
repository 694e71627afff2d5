"""The stored state of alarms is read or ignored: a broken state stops no alarm."""

import json
from pathlib import Path

import pytest

from pressmark.airflow.alerts.sent_state import FileState
from tests.support.bad_json import BAD_JSON

ENTRY = {"incident": "1", "since": "2022-02-18T00:00:00Z", "title": "t", "told": ["smtp:a"], "over": []}


def as_kind(**changes: object) -> bytes:
    return json.dumps({"crawl-failed": ENTRY | changes}).encode()


ODD_STATES = {
    **{kind: text for kind, text in BAD_JSON.items() if kind != "byte order mark"},
    "no UTF-8": b'{"a": "\xff"}',
    "a list of pairs": b'[["a", 1]]',
    "an entry is a string": b'{"crawl-failed": "told"}',
    "receivers are objects": as_kind(told=[{"a": 1}]),
    "since is no time": as_kind(since="yesterday"),
    "since has no zone": as_kind(since="2022-02-18T00:00:00"),
}


@pytest.mark.parametrize("text", ODD_STATES.values(), ids=ODD_STATES)
def test_a_broken_state_is_as_none_and_named(tmp_path: Path, text: bytes, caplog: pytest.LogCaptureFixture) -> None:
    state = FileState(tmp_path / "dag.json")
    state.path.write_bytes(text)
    assert state.read() == {}
    assert str(state.path) in caplog.text
    assert "Traceback" not in caplog.text


def test_a_state_comes_back_as_it_was(tmp_path: Path) -> None:
    state = FileState(tmp_path / "dag.json")
    assert state.read() == {}
    state.path.write_bytes(as_kind())
    sent = state.read()
    state.write(sent)
    assert state.read() == sent
    assert json.loads(state.path.read_text()) == {"crawl-failed": ENTRY}
