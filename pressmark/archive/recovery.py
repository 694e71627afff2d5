"""Recovery: what a killed run left open becomes a sealed segment again, up to its last whole record."""

import os
from pathlib import Path

import attrs

from pressmark.archive.batch import DRAFTS, Batch, torn
from pressmark.archive.member import members
from pressmark.archive.segment import OPEN, sealed, sync_folder
from pressmark.errors import SpoolError


@attrs.frozen(kw_only=True)
class Mended:
    """A segment that a killed run left open, and what was done with it."""

    name: str
    """Of the sealed segment."""
    records: int
    """Whole ones, which are kept."""
    cut: int
    """Bytes behind them, which are not."""
    batch: Batch | None
    """None if nothing was in it but its warcinfo: then it is deleted."""


def mend(folder: Path, site: str) -> list[Mended]:
    """Cut each open segment to its last whole record and seal it; what is sealed waits to be published.

    Only for whoever holds the lock of the spool: the segment of a crawl that goes on is open too.

    Raises:
        SpoolError: the spool can't be read or written.
    """
    try:
        return [_mended(path, site) for path in torn(folder, site)]
    except OSError as error:
        raise SpoolError(f"the spool {folder} can't be recovered: {error}") from error


def _mended(path: Path, site: str) -> Mended:
    records, end = _whole(path)
    cut = path.stat().st_size - end
    final = path.with_name(path.name.removesuffix(OPEN))
    drafts = final.with_name(final.name + DRAFTS)
    if records < 2:
        path.unlink()
        drafts.unlink(missing_ok=True)
        return Mended(name=final.name, records=0, cut=cut, batch=None)
    with path.open("r+b") as file:
        file.truncate(end)
        os.fsync(file.fileno())
    path.rename(final)
    sync_folder(final.parent)
    return Mended(
        name=final.name, records=records, cut=cut, batch=Batch(segment=sealed(final, site), drafts_path=drafts)
    )


def _whole(path: Path) -> tuple[int, int]:
    """Return how many records are whole, and where the last one ends."""
    records = end = 0
    with path.open("rb") as file:
        try:
            for offset, length in members(file):
                records, end = records + 1, offset + length
        except ValueError:
            pass  # What is behind `end` was being written when the run was killed.
    return records, end
