from datetime import UTC, datetime

import pytest

from pressmark.archive.bucket import manifest
from pressmark.archive.s3.store import Store
from tests.support.manifests import manifest_of

NOW = datetime(2022, 3, 1, 12, tzinfo=UTC)


def write(store: Store, run_id: str, started_at: str) -> str:
    return manifest.write(store, manifest_of(datetime.fromisoformat(started_at), run_id))


def test_the_latest_run_is_found_over_the_turn_of_a_month(store: Store) -> None:
    write(store, "20220227T010000-a", "2022-02-27T01:00:00Z")
    write(store, "20220228T010000-a", "2022-02-28T01:00:00Z")
    key = write(store, "20220228T230000-a", "2022-02-28T23:00:00Z")
    assert key == "runs/news/world/europe/2022/02/28/20220228T230000-a.json"
    found = manifest.latest(store, "news", "world/europe", NOW)
    assert found == manifest.read(store, key)
    assert len(list(manifest.below(store, "news/world/europe/"))) == 3


def test_a_section_that_never_ran_has_none(store: Store) -> None:
    write(store, "20220228T010000-a", "2022-02-28T01:00:00Z")
    assert manifest.latest(store, "news", "world/asia", NOW) is None
    with pytest.raises(KeyError):
        manifest.read(store, "runs/none.json")
