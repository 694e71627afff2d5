"""The packager: one WACZ per day, with the day's segments and the captures of other days that they refer to.

The same segments and documents give the same bytes, and a package that would not change is not written. It is built on
disk, beside a copy of one segment at a time; it needs little memory, whatever the day's size.
"""

import hashlib
import logging
import re
import tempfile
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import IO, Self

import attrs

from pressmark.archive.s3 import conditional_write
from pressmark.archive.s3.multipart import put_large, sha256_of
from pressmark.archive.s3.store import Store
from pressmark.config import Config
from pressmark.errors import FindingsFound, SpoolError
from pressmark.jobs.changed_days import ChangedDays
from pressmark.jobs.wacz import pages, revisit_targets, writer, zipnum
from pressmark.jobs.wacz.contents import Contents
from pressmark.jobs.wacz.signing import Signer
from pressmark.model import keys
from pressmark.reader import Changes, Reader
from pressmark.system.external_sort import SortedLines

logger = logging.getLogger(__name__)

_PATIENCE = timedelta(days=7)
"""How long after its day a package is rebuilt for captures that are not in the bucket yet."""
_MOST_LISTED = 3
"""Problems of a day that are listed in full."""
_RUN = re.compile(r"^.*?-\d{17}-|-\d{5,}\.warc\.gz$")
"""The parts of a segment's name before and after the id of its run."""
_SEGMENT = re.compile(r"warc/[^/]+/\d{4}/\d\d/\d\d/[^/]+\.warc\.gz")


@attrs.frozen
class Packaged:
    """A day's package."""

    day: date
    """UTC, of the crawl."""
    segments: int = 0
    """Segments of runs that cross midnight are in both days."""
    referred: int = 0
    """How many captures of other days are in it because this day's captures refer to them."""
    lost: int = 0
    """How many of them are not in the bucket: taken down, or still in the spool of a killed crawl."""
    pages: int = 0
    size: int = 0
    """Bytes."""
    changed: bool = False
    """False if it was there already, byte for byte."""
    held: bool = False
    """Whether it was left for later because it is recent."""
    problem: str | None = None
    """What is missing in the package, or why it was not built."""

    @property
    def again(self) -> bool:
        """Whether to package the day again the next time."""
        lacks = bool(self.lost) and datetime.now(UTC).date() - self.day < _PATIENCE
        return self.held or lacks or bool(self.problem)


@attrs.frozen
class Packager:
    """Makes the packages of one site. One packager of a site at a time: the later of two could write the older file."""

    store: Store
    site: str
    signer: Signer | None = None

    @classmethod
    def open(cls, config: Config, site: str) -> Self:
        """Connect; packages are signed if a key is configured.

        Raises:
            UsageError: the key is invalid.
            BucketError: no answer, wrong keys, or no such bucket.
        """
        signer = Signer.open(config.wacz_key) if config.wacz_key else None
        return cls(Store.open(config), site, signer)

    def changed(self, hold: timedelta = timedelta(0)) -> Iterator[Packaged]:
        """Make the packages of days with new segments since the last time.

        A day with a problem is tried again the next time.

        Args:
            hold: today's package is made again only if it is older than this.
        """

        def make(day: date) -> Packaged:
            return Packaged(day, held=True) if self._is_recent(day, hold) else self._package_or_problem(day)

        return ChangedDays(self.store, self.site, keys.packaged(self.site), _days).each(make)

    def every(self) -> Iterator[Packaged]:
        """Make the packages of all days, even if they exist; also of days whose segments are gone."""
        days = {day for key in self.store.keys(keys.segments_of_site(self.site)) if (day := _day_of(key))}
        packaged = filter(None, map(keys.packaged_day, self.store.keys(keys.packages(self.site))))
        return map(self._package_or_problem, sorted(days | {day for _, day in packaged}))

    def package(self, day: date) -> Packaged:
        """Make the package of one day; a day without segments gets no package.

        Raises:
            FindingsFound: a segment of the day can't be read; or all segments are gone and an older package has them.
            SpoolError: the local disk has no room for it.
        """
        segments = self._segments(day)
        if not segments:
            if conditional_write.head(self.store, keys.package(self.site, day)):
                raise FindingsFound(
                    f"{keys.package(self.site, day)} has segments that are gone: delete it, with its older versions, "
                    "as the operator (docs/security.md)"
                )
            return Packaged(day)
        try:
            return self._package(day, segments)
        except OSError as error:
            raise SpoolError(f"the package of {day} can't be built: {error}. Make room, or set TMPDIR.") from error

    def _package(self, day: date, segments: list[str]) -> Packaged:
        with tempfile.TemporaryDirectory(prefix="pressmark-package-") as folder:
            path = Path(folder, "package.wacz")
            made = self._build(day, segments, path)
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            key = keys.package(self.site, day)
            changed = sha256_of(self.store, key) != digest or not self._is_there(key, digest)
            if changed:
                put_large(self.store, key, path, digest, writer.WACZ)
            return attrs.evolve(made, size=path.stat().st_size, changed=changed)

    def _is_there(self, key: str, digest: str) -> bool:
        """Return whether an object has these bytes: its own metadata may be forged."""
        with tempfile.TemporaryFile(prefix="pressmark-package-") as file, suppress(KeyError):
            return self.store.fetch(key, file).sha256 == digest
        return False

    def _segments(self, day: date) -> list[str]:
        """Return the segments of a day, and those of runs that cross midnight from the neighbouring days.

        A page captured before midnight may have its pictures after it, and a page after midnight its styles before.
        """
        own, *others = (list(self._of(day, days)) for days in (0, -1, 1))
        runs = {_RUN.sub("", key.rpartition("/")[2]) for key in own}
        near = [key for keys_ in others for key in keys_ if _RUN.sub("", key.rpartition("/")[2]) in runs]
        return sorted([*own, *near]) if own else []

    def _of(self, day: date, offset: int = 0) -> Iterator[str]:
        try:
            day += timedelta(days=offset)
        except OverflowError:  # There is no such day.
            return iter(())
        return (key for key in self.store.keys(keys.segments(self.site, day)) if _SEGMENT.fullmatch(key))

    def _build(self, day: date, segments: list[str], path: Path) -> Packaged:
        """Write the package into a file, and return it without its size."""
        problems = list[str]()
        with path.open("w+b") as file, closing(writer.Writer(file, day)) as package, SortedLines() as lines:
            contents = Contents(lines)
            for key in segments:
                with tempfile.TemporaryFile(dir=path.parent) as segment:
                    self._add(package, contents, key, segment)
            wanted = contents.others
            with tempfile.TemporaryFile(dir=path.parent) as segment:
                if copied := revisit_targets.copy(self.store, self.site, wanted, segment):
                    name = f"{self.site}-{day}{writer.REFERRED}"
                    contents.read(name, segment)
                    package.add(writer.ARCHIVE + name, segment)
            with tempfile.TemporaryFile(dir=path.parent) as data:
                index = zipnum.write(lines.in_order(), data)
                package.add(writer.INDEX, data)
            package.add_text(writer.IDX, index)
            entries = pages.entries(Reader(self.store, self.site), contents, problems.append)
            package.add_text(writer.PAGES, pages.listed(entries))
            package.end(writer.title_of(self.site, day), contents.latest, self.signer)
        lost = len(wanted) - copied
        return Packaged(day, len(segments), copied, lost, len(entries), problem=_summary(problems))

    def _add(self, package: writer.Writer, contents: Contents, key: str, segment: IO[bytes]) -> None:
        name = key.rpartition("/")[2]
        try:
            self.store.fetch(key, segment)
        except KeyError:
            raise FindingsFound(f"{key} was deleted while it was packaged") from None
        try:
            contents.read(name, segment)
        except (OSError, ValueError, KeyError, TypeError, OverflowError, AttributeError) as error:
            raise FindingsFound(
                f"{key} is no whole WARC: {error}. `pressmark verify --full` lists what else."
            ) from error
        package.add(writer.ARCHIVE + name, segment)

    def _is_recent(self, day: date, hold: timedelta) -> bool:
        now = datetime.now(UTC)
        made = conditional_write.head(self.store, keys.package(self.site, day)) if hold and day == now.date() else None
        return made is not None and now - made.modified < hold

    def _package_or_problem(self, day: date) -> Packaged:
        try:
            return self.package(day)
        except (FindingsFound, SpoolError) as error:
            return Packaged(day, problem=str(error))
        except (ValueError, KeyError, TypeError, OverflowError, AttributeError) as error:
            logger.exception("the package of %s can't be built", day)
            return Packaged(day, problem=f"it can't be built: {type(error).__name__}: {error}")


def _days(changes: Changes) -> Iterator[date]:
    return filter(None, (_day_of(said.key) for said in changes.manifest.segments))


def _day_of(key: str) -> date | None:
    return keys.day_in(key) if _SEGMENT.fullmatch(key) else None


def _summary(problems: list[str]) -> str | None:
    more = f"; and {len(problems) - _MOST_LISTED} more" if len(problems) > _MOST_LISTED else ""
    return "; ".join(problems[:_MOST_LISTED]) + more or None
