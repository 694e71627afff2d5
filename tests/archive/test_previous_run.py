"""The state that a run gets from the one before it, whatever the clock and the bucket say."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pressmark.archive.bucket import manifest
from pressmark.archive.bucket.previous_run import LastRun, last_run
from pressmark.archive.s3.store import Store
from tests.support.manifests import manifest_of

NOW = datetime(2022, 3, 1, 12, tzinfo=UTC)


def write(store: Store, began: datetime, section: str = "world/europe", **changes: Any) -> str:
    failed = {"article_id": "WS1", "url": "https://news.example/1", "outcome": "failed", "reason": "timeout"}
    return manifest.write(store, manifest_of(began, **{"section": section, "articles": [failed]} | changes))


def last(store: Store) -> LastRun:
    return last_run(store, "news", "world/europe", NOW)


def newest(store: Store) -> str | None:
    return manifest.newest_key(store, "news", "world/europe", NOW)


def test_a_complete_run_lets_the_next_stop_early(store: Store) -> None:
    write(store, NOW - timedelta(days=1))
    assert last(store) == LastRun(complete=True, failed=("https://news.example/1",))


@pytest.mark.parametrize("changes", [{"ended": "failed"}, {"caught_up": False}, {"ended": "interrupted"}])
def test_a_run_that_left_something_out_does_not(store: Store, changes: dict[str, Any]) -> None:
    write(store, NOW - timedelta(hours=1), **changes)
    assert not last(store).complete


def test_a_killed_run_does_not_either(store: Store) -> None:
    write(store, NOW - timedelta(hours=2))
    assert last(store).complete
    manifest.start(store, "news", "world/europe", NOW - timedelta(hours=1), "20220301T110000-a")
    assert not last(store).complete


@pytest.mark.parametrize("ahead", [timedelta(minutes=5), timedelta(days=1), timedelta(days=365)])
def test_a_run_of_the_future_is_known_when_there_is_no_other_and_was_not_surely_the_last(
    store: Store, ahead: timedelta
) -> None:
    key = write(store, NOW + ahead)
    assert newest(store) == key
    assert last(store).failed == ("https://news.example/1",)
    assert not last(store).complete


def test_a_run_of_the_last_days_is_newer_than_one_of_the_days_to_come(store: Store) -> None:
    write(store, NOW + timedelta(days=365))
    key = write(store, NOW - timedelta(days=30))
    assert newest(store) == key
    assert not last(store).complete, "the clock was set back since"


def test_of_the_days_to_come_the_last_counts_and_none_of_a_section_below(store: Store) -> None:
    write(store, NOW + timedelta(days=1))
    key = write(store, NOW + timedelta(days=2))
    write(store, NOW + timedelta(days=3), "world/europe/east")
    assert newest(store) == key
    assert manifest.newest_key(store, "news", "world", NOW) is None


@pytest.mark.parametrize("written", [b"", b'{"run_id": ', b"[1]", b"7", b"{}", b'{"started_at": 7}', b"\xff"])
def test_a_manifest_that_cannot_be_read_is_ignored_and_logged(
    store: Store, written: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    key = write(store, NOW - timedelta(hours=1))
    store.put(key, written)
    assert last(store) == LastRun()
    assert key in caplog.text
