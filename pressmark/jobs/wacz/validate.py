"""Verification of packages: each is whole, has the content it claims, and matches the bucket's segments."""

import tempfile
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from datetime import date, timedelta

from pressmark.archive.s3.multipart import sha256_of
from pressmark.archive.s3.store import Store
from pressmark.jobs.audit.verify import Finding
from pressmark.jobs.wacz import writer
from pressmark.jobs.wacz.genuine import Problem, problems, signature_problems
from pressmark.model import keys


def verify_packages(
    store: Store, site: str = "", wanted: Callable[[date], bool] = lambda day: True, trusted: Collection[str] = ()
) -> Iterator[Finding]:
    """Read the packages of a site, or of all sites, completely, and compare them with their segments.

    Args:
        store: the bucket.
        site: its name; the empty string for all.
        wanted: returns whether a day's package is to be read.
        trusted: public keys that they may be signed by (`signing.trusted_keys`); if empty, they may be unsigned.
    """
    for key in store.keys(keys.packages(site)):
        found = keys.packaged_day(key)
        if found and wanted(found[1]):
            remake = f"`pressmark package {found[0]} --day {found[1]:%Y-%m-%d}` rebuilds it"
            for problem in _problems(store, key, *found, trusted):
                advice = "" if problem.has_advice else f": {remake}"
                yield Finding(key, f"{problem.text}{advice}", grave=problem.grave)


def _problems(store: Store, key: str, site: str, day: date, trusted: Collection[str]) -> Iterator[Problem]:
    with tempfile.TemporaryFile(prefix="pressmark-verify-") as file:
        said = sha256_of(store, key)
        try:
            if store.fetch(key, file).sha256 != said:
                yield Problem("its SHA-256 is not the one it was written with" if said else "it has no SHA-256")
            contents = writer.check(file)
        except KeyError:
            return  # It was deleted since it was listed.
        except ValueError as error:
            yield Problem(str(error))
            return
        yield from signature_problems(contents.signed_by, trusted)
        there = {name: each for days in (-1, 0, 1) for name, each in _segments(store, site, day, days)}
        own = {name for name, _ in _segments(store, site, day)}
        held = {name for name in contents.segments if not name.endswith(writer.REFERRED)}
        if held and not held & own:
            yield Problem(
                "none of its segments is in the bucket any more: delete it (docs/security.md)", has_advice=True
            )
        elif gone := held - there.keys():
            yield Problem(f"{len(gone)} of its segments are not in the bucket any more")
        if new := own - held:
            yield Problem(f"{len(new)} segments of its day are not in it", grave=False)
        try:
            yield from problems(store, site, day, file, there)
        except _READ_ERRORS as error:
            yield Problem(f"it can't be read: {type(error).__name__}: {error}")


_READ_ERRORS = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    EOFError,
    zlib.error,
    zipfile.BadZipFile,
)
"""Errors of reading a package that is not ours: it is reported, and the others are read."""


def _segments(store: Store, site: str, day: date, days: int = 0) -> Iterator[tuple[str, str]]:
    """Return name and key of the segments of a day or a neighbour: a run that crosses midnight is in both."""
    prefix = keys.segments(site, day + timedelta(days=days))
    return ((key.removeprefix(prefix), key) for key in store.keys(prefix) if key.endswith(".warc.gz"))
