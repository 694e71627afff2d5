import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pressmark.archive.bucket import manifest
from pressmark.archive.bucket.cursor import WINDOW, Cursor, SectionPosition
from pressmark.archive.s3.store import Store
from pressmark.errors import UsageError
from pressmark.model.document import timestamp
from pressmark.reader import Reader
from tests.support.bad_json import BAD_JSON
from tests.support.manifests import manifest_of

START = datetime(2022, 2, 26, 22, tzinfo=UTC)
HOUR = timedelta(hours=1)


def write(store: Store, began: datetime, ended: datetime, section: str = "world/europe", site: str = "news") -> str:
    run_id = f"{began:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:6]}"
    manifest.start(store, site, section, began, run_id)
    run = manifest_of(began, run_id, site=site, section=section, ended_at=timestamp(ended))
    return manifest.write(store, run)


def followed(store: Store, cursor: str | None, site: str = "news") -> tuple[list[str], str | None]:
    """Read new changes, like a job that stores its cursor."""
    found = []
    for changes in Reader(store, site).changes(since=cursor):
        found.append(changes.manifest.run_id)
        cursor = changes.cursor
    return found, cursor


def named(*written: str) -> list[str]:
    return [key.rpartition("/")[2].removesuffix(".json") for key in written]


run = st.tuples(
    st.sampled_from(["world", "world/europe", "world/china-us"]),
    st.integers(0, 400),  # Hours from the start to its beginning.
    st.integers(0, 7 * 24 - 24),  # Hours it takes: less than the window.
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(runs=st.lists(run, max_size=10), polls=st.sets(st.integers(0, 600), max_size=4))
def test_no_run_is_left_out_and_none_comes_twice(store: Store, runs: list[Any], polls: set[int]) -> None:
    site = f"news{uuid.uuid4().hex[:8]}"
    ends = sorted((begins + takes, begins, section) for section, begins, takes in runs)
    written: list[str] = []
    read: list[str] = []
    cursor = None
    for poll in [*sorted(polls), 1000]:
        while ends and ends[0][0] <= poll:
            ended, began, section = ends.pop(0)
            written += named(write(store, START + began * HOUR, START + ended * HOUR, section, site))
        found, cursor = followed(store, cursor, site)
        read += found
        assert sorted(read) == sorted(written)


def test_a_job_that_stops_in_between_goes_on_where_it_stopped(store: Store) -> None:
    written = [write(store, START + hour * HOUR, START + (hour + 2) * HOUR) for hour in range(4)]
    changes = Reader(store, "news").changes()
    assert [next(changes).manifest.run_id] == named(written[0])
    after_second = next(changes).cursor
    assert followed(store, after_second)[0] == named(*written[2:])


def test_from_a_manifest_comes_all_that_was_written_after_it(store: Store) -> None:
    long = write(store, START, START + 9 * HOUR)
    before = write(store, START + HOUR, START + 2 * HOUR, "world")
    last = write(store, START + 3 * HOUR, START + 4 * HOUR)
    other = write(store, START + 4 * HOUR, START + 5 * HOUR, "world/africa")
    assert followed(store, last)[0] == named(long, other)
    assert followed(store, before)[0] == named(long, last, other)


def test_a_run_of_the_future_hides_none_of_today(store: Store) -> None:
    now = datetime.now(UTC)
    future = write(store, now + timedelta(days=400), now + timedelta(days=400))
    found, cursor = followed(store, None)
    assert found == named(future)
    today = write(store, now, now)
    assert followed(store, cursor)[0] == named(today)


def test_a_reader_whose_clock_was_ahead_leaves_nothing_out(store: Store) -> None:
    now = datetime.now(UTC)
    ahead = SectionPosition(f"{now + timedelta(days=23):%Y/%m/%d}", frozenset())
    cursor = str(Cursor("news", {"world/europe": ahead}))
    today = write(store, now, now)
    found, cursor = followed(store, cursor)
    assert found == named(today)
    assert followed(store, cursor) == ([], cursor)


def test_a_broken_manifest_is_reported_once_it_is_repaired(store: Store) -> None:
    broken, whole = (write(store, START + hour * HOUR, START + hour * HOUR) for hour in range(2))
    data = store.get(broken)
    store.put(broken, b"{}")
    found, cursor = followed(store, None)
    assert found == named(whole)
    assert followed(store, cursor) == ([], cursor)
    store.put(broken, data)
    assert followed(store, cursor)[0] == named(broken)


def test_a_cursor_forgets_what_lies_before_its_window(store: Store) -> None:
    for day in range(30):
        write(store, START + timedelta(days=day), START + timedelta(days=day))
    found, cursor = followed(store, None)
    assert len(found) == 30
    place = Cursor.parse("news", cursor).places["world/europe"]
    assert len(place.seen) == WINDOW.days + 1
    assert followed(store, cursor) == ([], cursor)


def sections(*place: object) -> str:
    return json.dumps({"site": "news", "sections": {"world/europe": place}})


ODD_CURSORS = {
    **{kind: text.decode("latin-1") for kind, text in BAD_JSON.items() if text},
    "sections missing": '{"site": "news"}',
    "of another site": '{"site": "other", "sections": {}}',
    "half of a pair": '{"site": "\ud83d"}',
    "since is a number": sections(7, []),
    "since is no day": sections("2022/02", []),
    "since is no day of the calendar": sections("2022/02/30", []),
    "seen is a string": sections("2022/02/18", "2022/02/18/a.json"),
    "seen has numbers": sections("2022/02/18", [7]),
    "seen has other names": sections("2022/02/18", ["a.json"]),
    "seen has invalid days": sections("2022/02/18", ["2022/02/30/a.json"]),
    "a place is too long": sections("2022/02/18", [], 1),
    "a place is a number": '{"site": "news", "sections": {"world/europe": 7}}',
}


def test_an_invalid_cursor_is_refused(store: Store) -> None:
    write(store, START, START)
    for text in ODD_CURSORS.values():
        with pytest.raises(UsageError, match="cursor") as caught:
            followed(store, text)
        assert len(str(caught.value)) < 400


def test_fields_of_later_releases_are_kept(store: Store) -> None:
    first = write(store, START, START)
    later = {"schema": "cursor-2", "reached": {"world/europe": [1, None, "2027"]}}
    found, cursor = followed(store, json.dumps({"site": "news", "sections": {}} | later))
    assert found == named(first)
    assert cursor
    last = write(store, START + HOUR, START + HOUR)
    found, cursor = followed(store, cursor)
    assert found == named(last)
    assert cursor
    kept = json.loads(cursor)
    assert kept == kept | later
    assert followed(store, cursor) == ([], cursor)


@pytest.mark.parametrize("day", ["0001/01/01", "9999/12/31", "2022/13/01", "2022/02/30"])
def test_a_key_of_a_day_that_no_run_can_have_stops_nothing(store: Store, day: str) -> None:
    whole = write(store, START, START)
    store.put(f"runs/news/world/europe/{day}/odd.json", b"{}")
    assert followed(store, None)[0] == named(whole)


def test_from_a_manifest_on_a_broken_one_stops_nothing(store: Store) -> None:
    first, broken, last = (write(store, START + hour * HOUR, START + hour * HOUR) for hour in range(3))
    store.put(broken, b"[" * 100_000)
    assert followed(store, first)[0] == named(last)
