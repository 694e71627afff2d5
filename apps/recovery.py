"""Recovery of a killed run: what it left open is mended, and what its captures support is made ready to publish."""

import logging
from pathlib import Path

import attrs

from apps.host_lock import host_lock
from apps.rederiving import derive
from pressmark.archive.batch import Batch, leftovers, torn
from pressmark.archive.captured import Captured
from pressmark.archive.publisher import publish_leftovers
from pressmark.archive.recovery import Mended, mend
from pressmark.archive.segment import OPEN
from pressmark.archive.store import Store
from pressmark.archive.telling import untold
from pressmark.config import Config
from pressmark.errors import SpoolError
from pressmark.site import Site

WAIT = 5.0
"""Seconds; whoever holds the lock for longer is a crawl that goes on, and has recovered all there was."""

logger = logging.getLogger("pressmark.crawl")


@attrs.frozen
class Recovered:
    """One segment that a killed run had left."""

    segment: str
    """Its file's name."""
    records: int
    bytes_cut: int
    """Of a record that was being written."""
    published: int
    """Versions."""


def recover_and_publish(config: Config, store: Store, site: Site) -> list[Recovered]:
    """Mend what killed runs of a site left in the spool of this machine, and publish it.

    Raises:
        BucketError: the bucket failed; what is not published waits.
        HostBusy: a crawl of this site goes on.
        SpoolError: the spool can't be read or written.
    """
    folder = config.spool / site.site
    if not (torn(folder, site.site) or leftovers(folder, site.site)):
        return []
    with host_lock(config, site, seconds=WAIT):
        cut = {each.name: each.cut for each in recover(config, site)}
        published = publish_leftovers(store, folder, site.site)
    found = {name: Recovered(name, 0, bytes_cut, 0) for name, bytes_cut in cut.items()}
    for each in published:
        name = Path(each.segment.key).name
        found[name] = Recovered(name, each.records, cut.get(name, 0), each.versions)
    return list(found.values())


def adopt(config: Config, store: Store, site: Site, other: Path) -> int:
    """Move what another worker's spool holds of a site into this one's, as if runs of this machine had left it.

    The next crawl here publishes it, and tells of what is published already in its manifest.

    Args:
        config: names this spool.
        store: the bucket, which knows what a manifest tells of already.
        site: the site.
        other: a spool on the same file system, whose worker is gone.

    Returns:
        The number of files moved.

    Raises:
        BucketError: the bucket failed; nothing was moved.
        HostBusy: a crawl of this site goes on, here or there.
        SpoolError: a spool can't be read or written.
    """
    here, there = config.spool / site.site, other / site.site
    try:
        if not there.is_dir() or not _held(there, site):
            return 0
        with host_lock(attrs.evolve(config, spool=other), site, seconds=WAIT), host_lock(config, site, seconds=WAIT):
            untold(store, there, site.site)
            here.mkdir(exist_ok=True)
            # Segments last: one that is here has all that belongs to it, whenever this is cut off.
            found = sorted(_held(there, site), key=lambda path: path.name.endswith((".warc.gz", OPEN)))
            for path in found:
                path.rename(here / path.name)
    except OSError as error:
        raise SpoolError(f"what lies in {there} can't be moved to {here}: {error}") from error
    logger.warning("%d files that %s held are here now", len(found), there)
    return len(found)


def _held(folder: Path, site: Site) -> list[Path]:
    """Return the files of runs in a folder; not by glob, to which a folder that can't be read is an empty one."""
    return [path for path in folder.iterdir() if path.name.startswith(f"{site.site}-")]


def recover(config: Config, site: Site) -> list[Mended]:
    """Mend the site's spool; only for whoever holds its lock. What is ready then waits to be published.

    Raises:
        SpoolError: the spool can't be read or written.
    """
    mended = mend(config.spool / site.site, site.site)
    for each in mended:
        logger.warning(
            "a killed run left %s open: %d whole records kept, %d bytes behind them cut",
            each.name,
            each.records,
            each.cut,
        )
        if each.batch:
            _complete(each.batch, site)
    return mended


def _complete(batch: Batch, site: Site) -> None:
    """Add what was captured and not read yet; leave out drafts whose captures were cut."""
    drafts = [draft for draft in batch.drafts() if _whole(draft.document, batch)]
    read = {draft.document["archivedAt"] for draft in drafts}
    derived = derive(site, Captured([(batch.segment.path, batch.segment.key)]))
    drafts += [draft for draft in derived if draft.document["archivedAt"] not in read]
    try:
        batch.stage_again(drafts)
    except OSError as error:
        raise SpoolError(f"the spool can't be written: {error}. Make room in {batch.drafts_path.parent}.") from error


def _whole(document: dict[str, object], batch: Batch) -> bool:
    block = document["pressmark"]
    assert isinstance(block, dict)
    captures = block["captures"]
    here = (each for each in captures if each["warc"] == batch.segment.key)
    return all(each["offset"] + each["length"] <= batch.segment.size for each in here)
