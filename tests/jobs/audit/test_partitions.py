"""Partitions of an archive: each run is in one of them, and no partition is too large."""

from datetime import UTC, date, datetime, timedelta

import pytest

from pressmark.archive.s3.store import Store
from pressmark.errors import UsageError
from pressmark.jobs.audit import partitions
from pressmark.jobs.audit.partitions import Partition
from pressmark.model import keys

SITE = "news"
FIRST = datetime(2026, 10, 30, tzinfo=UTC)
SIZES = {0: [100], 1: [60, 60], 2: [500, 300, 200], 4: [10], 40: [90]}
"""Bytes of segments by day after the first."""
SECTIONS = ("world", "world/europe", "world/5g-net")
"""Two below another section; one begins like a year."""


@pytest.fixture
def archive(store: Store) -> tuple[Store, set[str]]:
    """Segments, and runs of two sections on each of their days; one day has runs alone."""
    manifests = set()
    for days in [*SIZES, 3]:
        day = FIRST + timedelta(days=days)
        for number, size in enumerate(SIZES.get(days, ())):
            store.put(keys.segment(SITE, day, f"{number}.warc.gz"), b"x" * size)
        for section in SECTIONS:
            for number in range(9):
                manifests.add(keys.manifest(SITE, section, day, f"{number}"))
                store.put(keys.started(SITE, section, day, f"{number}"), b"")
    for key in manifests:
        store.put(key, b"{}")
    store.put(keys.segment("other", FIRST, "0.warc.gz"), b"x" * 10_000)
    return store, manifests


@pytest.mark.parametrize("size", [20, 50, 150, 400, 10_000])
def test_each_run_is_in_one_partition(archive: tuple[Store, set[str]], size: int) -> None:
    store, manifests = archive
    found = [key for each in partitions.partitions(store, SITE, size) for key in each.manifests(store, SITE)]
    assert sorted(found) == sorted(manifests)


def test_days_are_joined_and_divided_by_their_bytes(archive: tuple[Store, set[str]]) -> None:
    store, _ = archive
    found = partitions.partitions(store, SITE, 250)
    assert [str(each) for each in found] == [
        "..2026-11-01",
        *(f"2026-11-01..2026-11-03 {part}/4" for part in (1, 2, 3, 4)),
        "2026-11-03..",
    ]
    assert [each.size for each in found] == [220, 250, 250, 250, 250, 100]
    assert all(any(each.manifests(store, SITE)) for each in found)


def test_only_the_days_that_are_asked_for(archive: tuple[Store, set[str]]) -> None:
    store, manifests = archive
    since, until = (FIRST + timedelta(days=1)).date(), (FIRST + timedelta(days=3)).date()
    found = partitions.partitions(store, SITE, 250, Partition(since, until + timedelta(days=1)))
    assert str(found[0]) == "2026-10-31..2026-11-01"
    assert found[-1].before == until + timedelta(days=1)
    wanted = {key for key in manifests if since <= (keys.day_in(key) or date.min) <= until}
    assert {key for each in found for key in each.manifests(store, SITE)} == wanted


def test_an_archive_of_nothing_is_one_partition(store: Store) -> None:
    assert [str(each) for each in partitions.partitions(store, SITE)] == ["all"]
    assert list(Partition().manifests(store, SITE)) == []


@pytest.mark.parametrize(
    "amounts",
    [
        [1_100_000_000] * 1100,
        [2_100_000_000] * 700,
        [3_000_000_000] * 1826,
        [1, 5_000_000_000] * 900,
        [10**13],
        [1] * 9,
    ],
)
def test_there_are_never_more_than_airflow_maps(
    store: Store, monkeypatch: pytest.MonkeyPatch, amounts: list[int]
) -> None:
    """With sizes that no test can store, as a bucket's listing would show them."""
    days = {FIRST.date() + timedelta(days=number): amount for number, amount in enumerate(amounts)}
    monkeypatch.setattr(partitions, "_bytes_per_day", lambda store, site, of: days)
    found = partitions.partitions(store, SITE)
    assert len(found) <= partitions.MAX_PARTITIONS
    assert sum(each.size for each in found) > 0.99 * sum(amounts) - len(found)
    borders = sorted({(each.since, each.before) for each in found})
    assert [before for _, before in borders[:-1]] == [since for since, _ in borders[1:]]


@pytest.mark.parametrize("text", ["all", "..2026-11-01", "2026-11-01..2026-11-03 2/4", "2026-11-03..", "all 1/2"])
def test_a_partition_is_read_as_it_is_written(text: str) -> None:
    assert str(Partition.parse(text)) == text


@pytest.mark.parametrize("text", ["", "2026-11-01", "2026-11-01..x", "all 1", "1/2"])
def test_what_is_no_partition_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no partition"):
        Partition.parse(text)


def test_a_day_belongs_to_one_partition() -> None:
    days = date(2026, 11, 1), date(2026, 11, 2)
    assert [Partition(*days, part, 2).leads(days[0]) for part in (1, 2)] == [True, False]
    assert not Partition(*days).leads(days[1])
    assert Partition().leads(date(1, 1, 1))
