"""Partitions: the runs of a site divided by days and bytes, so that many workers can read an archive at once."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import date
from itertools import pairwise, takewhile

import attrs

from pressmark.archive.bucket import manifest
from pressmark.archive.s3.store import Store
from pressmark.errors import UsageError
from pressmark.model import keys

PARTITION_BYTES = 2 << 30
"""Approximate size of a partition's segments: some minutes to read."""
MAX_PARTITIONS = 1000
"""Partitions at most; a large archive has larger ones. Airflow maps a task 1,024 times (`core.max_map_length`)."""
ALL = "all"


@attrs.frozen
class Partition:
    """The runs that began on some days, or one of several equal parts of these.

    Days are those of manifests' keys, UTC. Each run is in exactly one partition of an archive.
    """

    since: date = date.min
    """First day."""
    before: date = date.max
    """Day after the last."""
    part: int = 1
    parts: int = 1
    size: int = attrs.field(default=0, eq=False)
    """Bytes of the segments of these days, divided by the number of parts."""

    @classmethod
    def parse(cls, text: str) -> "Partition":
        """Read what `str` wrote.

        Raises:
            UsageError: it is no partition.
        """
        try:
            days, _, parts = text.partition(" ")
            since, before = ("", "") if days == ALL else days.split("..")
            part, of = map(int, parts.split("/")) if parts else (1, 1)
            first = date.fromisoformat(since) if since else date.min
            end = date.fromisoformat(before) if before else date.max
        except ValueError:
            raise UsageError(f"{text!r} is no partition, as 2026-11-01..2026-11-08 or 2026-11-24.. 1/4") from None
        return cls(first, end, part, of)

    def __str__(self) -> str:
        since = "" if self.since == date.min else self.since.isoformat()
        before = "" if self.before == date.max else self.before.isoformat()
        days = f"{since}..{before}" if since or before else ALL
        return f"{days} {self.part}/{self.parts}" if self.parts > 1 else days

    def manifests(self, store: Store, site: str) -> Iterator[str]:
        """Return the keys of its manifests, oldest first within their section."""
        for section in manifest.sections(store, site):
            prefix = keys.runs(site, section)
            first, end = (f"{prefix}{keys.day_of(day)}/" for day in (self.since, self.before))
            for key in takewhile(lambda key: key < end, store.keys(prefix, after=first)):  # noqa: B023  # Used at once.
                if manifest.NAME.fullmatch(key.removeprefix(prefix)) and self._holds(key):
                    yield key

    def leads(self, day: date) -> bool:
        """Return whether this partition has the objects that belong to a whole day and to no run, e.g. packages."""
        return self.part == 1 and self.since <= day < self.before

    def _holds(self, key: str) -> bool:
        rank = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8])
        return rank % self.parts == self.part - 1


def partitions(
    store: Store,
    site: str,
    size: int = PARTITION_BYTES,
    of: Partition = Partition(),  # It is frozen.
) -> list[Partition]:
    """Divide the runs of a site: into consecutive days, or into parts of a day that is too large.

    Sizes are those of the days' segments in the bucket's listing.

    Args:
        store: the bucket.
        site: its name.
        size: approximate bytes of segments in a partition; at least one day, or a part of one.
        of: the days to divide; by default all.

    Returns:
        The partitions, oldest first; at least one.
    """
    days = sorted(_bytes_per_day(store, site, of).items())
    while len(found := _divide(days, of, max(size, 1))) > MAX_PARTITIONS:
        size = size * len(found) // MAX_PARTITIONS + 1
    return found


def _divide(days: list[tuple[date, int]], of: Partition, size: int) -> list[Partition]:
    groups: list[tuple[date, int]] = []
    for day, amount in days:
        if groups and groups[-1][1] + amount <= size:
            first, size_held = groups.pop()
            groups.append((first, size_held + amount))
        else:
            groups.append((day, amount))
    borders = [of.since, *(first for first, _ in groups[1:]), of.before]
    sizes = [size_held for _, size_held in groups] or [0]
    return [
        Partition(first, before, part, parts, size_held // parts)
        for (first, before), size_held in zip(pairwise(borders), sizes, strict=True)
        for parts in [max(1, -(-size_held // size))]
        for part in range(1, parts + 1)
    ]


def _bytes_per_day(store: Store, site: str, of: Partition) -> Counter[date]:
    prefix = keys.segments_of_site(site)
    found: Counter[date] = Counter()
    listed = store.sizes(prefix, after=f"{prefix}{keys.day_of(of.since)}/")
    for key, amount in takewhile(lambda each: each[0] < f"{prefix}{keys.day_of(of.before)}/", listed):
        if day := keys.day_in(key):
            found[day] += amount
    return found
