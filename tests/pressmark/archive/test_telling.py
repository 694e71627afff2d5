from pathlib import Path
from typing import Any

import attrs
import pytest

from pressmark.archive import manifest
from pressmark.archive.batch import kept
from pressmark.archive.publisher import publish
from pressmark.archive.store import JSON, Store, Stored
from pressmark.archive.telling import tell, untold
from tests.pressmark.archive.test_publisher import batches

RUN: dict[str, Any] = {"run_id": "r1", "site": "news", "section": "world", "started_at": "2022-02-18T00:00:00Z"}


@attrs.frozen
class Killed(Store):
    """The real store in a process that ends around the write of the manifest."""

    before: bool = False

    def put(self, key: str, data: bytes, content_type: str = JSON) -> Stored:
        if not self.before:
            super().put(key, data, content_type)
        raise SystemExit


@pytest.fixture
def spooled(store: Store, tmp_path: Path) -> Path:
    """The spool of a run that published two segments."""
    for batch in batches(tmp_path, "articles/1.json", "articles/2.json"):
        publish(store, batch)
    return tmp_path


def test_what_is_told_is_forgotten(store: Store, spooled: Path) -> None:
    told = untold(store, spooled, "news")
    assert len(told) == 2
    assert tell(store, spooled, RUN, told) == "runs/news/world/2022/02/18/r1.json"
    assert untold(store, spooled, "news") == {}
    assert list(spooled.iterdir()) == []


@pytest.mark.parametrize(("before", "left"), [(True, 2), (False, 0)])
def test_a_run_killed_around_its_manifest_is_told_once(store: Store, spooled: Path, before: bool, left: int) -> None:
    told = kept(spooled, "news")
    with pytest.raises(SystemExit):
        tell(Killed(store.bucket, store.client, before=before), spooled, RUN, told)
    assert len(list(manifest.below(store, "news/"))) == (0 if before else 1)
    assert len(untold(store, spooled, "news")) == left
    assert len(untold(store, spooled, "news")) == left  # Also when the run behind it is killed before it tells.


def test_a_run_that_captured_nothing_needs_no_spool(store: Store, tmp_path: Path) -> None:
    assert tell(store, tmp_path / "absent", RUN, []) == "runs/news/world/2022/02/18/r1.json"
    assert untold(store, tmp_path / "absent", "news") == {}
