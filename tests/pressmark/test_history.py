"""The history of a section, and what it asks of the bucket."""

import os
from datetime import UTC, datetime, timedelta

import pytest

from benchmarks.console import fill
from pressmark.archive import manifest
from pressmark.archive.store import Store
from pressmark.config import Config
from pressmark.history import History

NOW = datetime(2026, 11, 25, 10, 40, tzinfo=UTC)
SITE, SECTION = "chinadaily", "world/europe"


@pytest.fixture
def store(bucket: str) -> Store:
    return Store.open(Config.from_env(os.environ))


def copy(store: Store, key: str, started_at: datetime, name: str) -> str:
    """Write the manifest of one more run."""
    told = manifest.read(store, key)
    return manifest.write(store, {**told, "started_at": started_at.isoformat(), "run_id": name})


def test_runs_come_newest_first_and_no_more_than_asked_for(store: Store) -> None:
    newest = fill(store, SITE, SECTION, 30, NOW)
    runs = History(store, SITE).newest(SECTION, 20, NOW)
    assert runs[0].key == newest
    assert [run.started_at for run in runs] == [NOW - timedelta(minutes=15 + 30 * back) for back in range(20)]
    assert runs[0].counts["seen"] == sum(
        runs[0].counts[name]
        for name in manifest.read(store, newest)["counts"]
        if name not in {"seen", "listing_pages", "not_due"}
    )


def test_a_run_that_ended_today_is_told_at_once_and_one_of_last_week_in_ten_minutes(store: Store) -> None:
    newest = fill(store, SITE, SECTION, 3, NOW)
    history = History(store, SITE)
    assert len(history.newest(SECTION, 100, NOW)) == 3
    late = copy(store, newest, NOW - timedelta(days=1), "late")
    old = copy(store, newest, NOW - timedelta(days=7), "old")
    before = copy(store, newest, NOW - timedelta(days=40), "before")
    assert {run.key for run in history.newest(SECTION, 100, NOW)} & {late, old, before} == {late}
    told = [run.key for run in history.newest(SECTION, 100, NOW + timedelta(minutes=11))]
    assert told[-3:] == [late, old, before]


def test_what_is_settled_is_not_asked_for_again(store: Store) -> None:
    fill(store, SITE, SECTION, 30, NOW - timedelta(days=3))
    history = History(store, SITE)
    history.newest(SECTION, 20, NOW)
    asked: list[str] = []
    store.client.meta.events.register("before-send.s3", lambda request, **rest: asked.append(request.url))
    assert len(history.newest(SECTION, 20, NOW)) == 20
    assert len(asked) == 2, "the next month's begin and this month's last days"


def test_a_broken_manifest_is_noted_until_it_is_mended(store: Store) -> None:
    newest = fill(store, SITE, SECTION, 2, NOW)
    whole = store.get(newest)
    history = History(store, SITE)
    for broken in (
        b"{",
        b"[]",
        whole.replace(b'"seen": ', b'"seen": "many", "x": '),
        whole.replace(b'"counts"', b'"count"'),
    ):
        store.put(newest, broken)
        assert len(history.newest(SECTION, 10, NOW)) == 1
        assert list(history.broken) == [newest]
    store.put(newest, whole)
    assert len(history.newest(SECTION, 10, NOW)) == 2
    assert history.broken == {}
