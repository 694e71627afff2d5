"""The history of a section, and its requests to the bucket."""

import json
import os
from datetime import UTC, datetime, timedelta

import pytest

from pressmark.archive.bucket import manifest
from pressmark.archive.s3.store import Store
from pressmark.config import Config
from pressmark.model.outcomes import Outcome
from pressmark.monitoring.history import History
from tests.support.manifests import manifest_of

NOW = datetime(2026, 11, 25, 10, 40, tzinfo=UTC)
SITE, SECTION = "chinadaily", "world/europe"


@pytest.fixture
def store(bucket: str) -> Store:
    return Store.open(Config.from_env(os.environ))


def write(store: Store, started_at: datetime, name: str = "run") -> str:
    """Write the manifest of a run that saw two articles, and return its key."""
    outcomes = [Outcome.UPDATED, Outcome.REJECTED]
    articles = [{"article_id": f"WS{number}", "url": "", "outcome": each} for number, each in enumerate(outcomes)]
    counts = {"seen": len(articles)} | {each.value: outcomes.count(each) for each in Outcome}
    ended_at = (started_at + timedelta(minutes=2)).isoformat()
    run_id = f"{started_at:%Y%m%dT%H%M%S}-{name}"
    where = {"site": SITE, "section": SECTION}
    written = manifest_of(started_at, run_id, ended_at=ended_at, counts=counts, articles=articles, **where)
    return manifest.write(store, written)


def fill(store: Store, number: int, until: datetime) -> str:
    """Write so many runs, one every half hour, and return the newest key."""
    written = [write(store, until - timedelta(minutes=15 + 30 * back)) for back in range(number)]
    return written[0]


def test_runs_come_newest_first_and_no_more_than_asked_for(store: Store) -> None:
    newest = fill(store, 30, NOW)
    runs = History(store, SITE).newest(SECTION, 20, NOW)
    assert runs[0].key == newest
    assert [run.started_at for run in runs] == [NOW - timedelta(minutes=15 + 30 * back) for back in range(20)]
    assert (runs[0].new, runs[0].rejected, runs[0].seconds) == (1, {"None": 1}, 120)


def test_a_run_of_a_clock_that_went_ahead_is_not_the_newest(store: Store) -> None:
    newest = fill(store, 3, NOW)
    ahead = [write(store, NOW + step, "ahead") for step in (timedelta(hours=2), timedelta(days=3), timedelta(days=20))]
    found = [run.key for run in History(store, SITE).newest(SECTION, 20, NOW)]
    assert found[0] == newest
    assert set(found[3:]) == set(ahead)
    assert manifest.newest_key(store, SITE, SECTION, NOW) == newest
    assert manifest.newest_key(store, SITE, SECTION, NOW + timedelta(hours=3)) == ahead[0]


def test_where_all_runs_are_ahead_the_newest_of_them_counts(store: Store) -> None:
    """The clock was set back."""
    ahead = [write(store, NOW + step) for step in (timedelta(hours=2), timedelta(hours=3), timedelta(days=3))]
    assert [run.key for run in History(store, SITE).newest(SECTION, 20, NOW)] == ahead[::-1]
    assert manifest.newest_key(store, SITE, SECTION, NOW) == ahead[-1]


def test_a_run_that_ended_today_is_found_at_once_and_one_of_last_week_in_ten_minutes(store: Store) -> None:
    fill(store, 3, NOW)
    history = History(store, SITE)
    assert len(history.newest(SECTION, 100, NOW)) == 3
    late = write(store, NOW - timedelta(days=1), "late")
    old = write(store, NOW - timedelta(days=7), "old")
    before = write(store, NOW - timedelta(days=40), "before")
    assert {run.key for run in history.newest(SECTION, 100, NOW)} & {late, old, before} == {late}
    found = [run.key for run in history.newest(SECTION, 100, NOW + timedelta(minutes=11))]
    assert found[-3:] == [late, old, before]


def test_old_runs_are_not_listed_again(store: Store) -> None:
    fill(store, 30, NOW - timedelta(days=3))
    history = History(store, SITE)
    history.newest(SECTION, 20, NOW)
    asked: list[str] = []
    store.client.meta.events.register("before-send.s3", lambda request, **rest: asked.append(request.url))
    assert len(history.newest(SECTION, 20, NOW)) == 20
    assert len(asked) == 2, "the next month's begin and this month's last days"


def test_a_broken_manifest_is_reported_until_it_is_repaired(store: Store) -> None:
    newest = fill(store, 2, NOW)
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
        assert list(history.broken(SECTION)) == [newest]
    store.put(newest, whole)
    assert len(history.newest(SECTION, 10, NOW)) == 2
    assert history.broken(SECTION) == {}


def test_what_readers_lean_on_is_checked(store: Store) -> None:
    newest = fill(store, 1, NOW)
    written = json.loads(store.get(newest))
    history = History(store, SITE)
    for wrong in (
        {"newly_rejected": "many"},
        {"recovered": None},
        {"recovered": {"published": []}},
        {"requests": [{"host": "a.example"}]},
        {"requests": 3},
        {"failure": 7},
        {"parameters": None},
        {"articles": [{"article_id": "x"}]},
    ):
        store.put(newest, json.dumps(written | wrong).encode())
        assert history.newest(SECTION, 10, NOW) == [], wrong
        assert list(history.broken(SECTION)) == [newest]
    more = {"requests": [{"host": "a.example", "number": 3, "busiest_minute": 2, "of_tomorrow": 1}], "of_tomorrow": 7}
    store.put(newest, json.dumps(written | more).encode())
    [run] = history.newest(SECTION, 10, NOW)
    assert (run.asked[0].number, run.failure) == (3, None)


def test_a_broken_manifest_that_was_deleted_is_forgotten(store: Store) -> None:
    newest = fill(store, 2, NOW)
    store.put(newest, b"{")
    history = History(store, SITE)
    assert len(history.newest(SECTION, 10, NOW)) == 1
    assert history.broken(SECTION)
    store.client.delete_object(Bucket=store.bucket, Key=newest)
    assert len(history.newest(SECTION, 10, NOW)) == 1
    assert history.broken(SECTION) == {}
