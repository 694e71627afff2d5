"""Verification of packages: that each is whole, what it says it is, and of the segments that lie in the bucket."""

import tempfile
from collections.abc import Callable, Iterator
from datetime import date, timedelta

from pressmark.archive import keys
from pressmark.archive.large import sha256_of
from pressmark.archive.store import Store
from pressmark.archive.verify import Finding
from pressmark.packages import wacz


def verify_packages(
    store: Store, site: str = "", wanted: Callable[[date], bool] = lambda day: True
) -> Iterator[Finding]:
    """Read the packages of a site, or of all, to their last byte.

    Args:
        store: the bucket.
        site: its name; the empty string for all.
        wanted: tells of a day whether its package is to be read.
    """
    for key in store.keys(keys.packages(site)):
        found = keys.packaged_day(key)
        if found and wanted(found[1]):
            yield from _verify(store, key, found[0], found[1])


def _verify(store: Store, key: str, site: str, day: date) -> Iterator[Finding]:
    with tempfile.TemporaryFile(prefix="pressmark-verify-") as file:
        said = sha256_of(store, key)
        try:
            if store.fetch(key, file).sha256 != said:
                yield Finding(key, "its SHA-256 is not the one it was written with" if said else "it has no SHA-256")
            contents = wacz.check(file)
        except KeyError:
            return  # It went since it was listed.
        except ValueError as error:
            yield Finding(key, str(error))
            return
    prefix, remake = keys.segments(site, day), f"`pressmark package {site} --day {day:%Y-%m-%d}` makes it anew"
    there = {each.removeprefix(prefix) for each in store.keys(prefix) if each.endswith(".warc.gz")}
    held = {name for name in contents.segments if not name.endswith(wacz.REFERRED)}
    if held and not held & there:
        yield Finding(key, "none of its segments is in the bucket any more: delete it (docs/security.md)")
    elif gone := held - there - _of_neighbours(store, site, day, held):
        yield Finding(key, f"{len(gone)} of its segments are not in the bucket any more: {remake}")
    if new := there - held:
        yield Finding(key, f"{len(new)} segments of its day are not in it: {remake}", grave=False)


def _of_neighbours(store: Store, site: str, day: date, held: set[str]) -> set[str]:
    """Return the segments of the days around that are there: those of runs that cross midnight are in it, too."""
    prefixes = (keys.segments(site, day + timedelta(days=days)) for days in (-1, 1))
    return held & {key.removeprefix(prefix) for prefix in prefixes for key in store.keys(prefix)}
