"""Recovery: publishes the files that earlier runs left in a site's spool, and sets aside unreadable ones."""

import logging
import os
from collections.abc import Container, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import attrs

from pressmark.archive.bucket.known_versions import Ledger
from pressmark.archive.publish.manifest_commit import unlisted
from pressmark.archive.publish.publish_recovered import Recovered
from pressmark.archive.publish.repair import Recovery
from pressmark.archive.s3.store import Store
from pressmark.archive.spool.batch import Draft
from pressmark.archive.spool.drafts import silent_edit_draft
from pressmark.archive.spool.set_aside import all_set_aside, note_path, printable, restore
from pressmark.archive.spool.spool_files import BAD, NOTE, OPEN, spool_files
from pressmark.archive.warc.captures import Openable, SegmentCaptures
from pressmark.config import Config
from pressmark.crawl.derive import derive, reread_document
from pressmark.crawl.host_lock import host_lock
from pressmark.crawl.state.known_content import KnownContent
from pressmark.crawl.state.revisits import Revisits
from pressmark.errors import BucketError, FindingsFound, SpoolError, UsageError
from pressmark.extract.page_reader import PageReader
from pressmark.extract.urls import redirect_target
from pressmark.file_system import is_of_machine, spool_error
from pressmark.model import keys, strict_json
from pressmark.model.article import VersionKey
from pressmark.model.document import to_bytes
from pressmark.private import make_folder
from pressmark.sites.site import Site

WAIT = 5.0
"""Seconds to wait for the lock: a crawl that holds it for longer has recovered everything itself."""

logger = logging.getLogger("pressmark.crawl")


def recover_and_publish(config: Config, store: Store, site: Site) -> list[Recovered]:
    """Take the lock, publish what earlier runs left in this machine's spool, and set aside unreadable files.

    Raises:
        BucketError: the bucket failed; unpublished files stay in the spool.
        HostBusy: a crawl of this site is running.
        SpoolError: the spool can't be read or written; the rest is published.
    """
    if spool_files(config.spool / site.site, site.site).is_empty:
        return []
    with host_lock(config, site, seconds=WAIT):
        return recover(config, store, site)


def recover(config: Config, store: Store, site: Site) -> list[Recovered]:
    """Do the same for a caller that holds the lock of the site's spool.

    Raises:
        BucketError: the bucket failed; unpublished files stay in the spool.
        SpoolError: the spool can't be read or written; the rest is published.
    """
    return Recovery(store, config.spool / site.site, site.site, partial(derive_unread, store, site)).run()


def restore_files(config: Config, site: Site, names: Sequence[str]) -> None:
    """Move files that were set aside back into the spool; the next recovery reads them again.

    Args:
        config: names the spool.
        site: the site.
        names: the files' names, original or current.

    Raises:
        HostBusy: a crawl of this site is running.
        SpoolError: the spool can't be read or written.
        UsageError: a file is not set aside.
    """
    folder = config.spool / site.site
    with host_lock(config, site, seconds=WAIT):
        for name in names:
            found = [
                note
                for note in all_set_aside(folder, site.site)
                if name in {note.name, note.original, note.summary["file"]}
            ]
            if not found:
                raise UsageError(f"{name!r} is not set aside in {folder}. `pressmark recover` lists what is.")
            try:
                restore(folder, found[0])
            except OSError as error:
                raise spool_error(f"{folder / found[0].name} can't be restored", folder, error) from error


def derive_unread(
    store: Store, site: Site, segments: Sequence[tuple[Openable, str]], known_ids: Container[str]
) -> Iterator[Draft]:
    """Read captured articles that have no document yet; an error of the reader is logged and ends only this reading.

    Args:
        store: the bucket.
        site: of the captures.
        segments: each with its bucket key.
        known_ids: articles to skip.

    Raises:
        BucketError: the bucket failed.
    """
    revisits = Revisits(site.recheck, {}, datetime.now(UTC), unconditional=True)
    with PageReader(site) as reader:  # Its process starts with the first page.
        read_again = partial(reread_document, store, site, reader=reader)
        known = KnownContent(store, site.site, Ledger(store, site.site), revisits, read_again)
        try:
            drafts = derive(site, SegmentCaptures(segments, redirect_target), known_ids, reader)
            yield from (draft for draft in drafts if _is_new(known, draft))
        except Exception as error:
            if isinstance(error, BucketError) or is_of_machine(error):
                raise
            logger.exception("not all of %s can be read again; `pressmark rederive` can do it later", segments[0][1])


def _is_known(known: KnownContent, draft: Draft) -> bool:
    """Return whether the bucket has a version, or can't be compared with it: then the next visit fetches it again."""
    if not draft.key.startswith(keys.ARTICLES):
        return False
    try:
        return known.has(keys.day_folder(draft.key), VersionKey.parse(keys.version_of(draft.key)), draft.document)
    except FindingsFound as error:
        logger.warning("%s can't be compared with the stored documents: %s", draft.key, error)
        return True


def _is_new(known: KnownContent, draft: Draft) -> bool:
    """Return whether a draft is to be published.

    A draft that can't be compared while the bucket works is left to the next visit: one unreadable object must not
    block all crawls of a site.
    """
    try:
        return not _is_known(known, draft) or _was_written(known.store, draft)
    except BucketError as error:
        known.store.check()
        logger.warning("%s is left to the next visit: the stored documents can't be read: %s", draft.key, error)
        return False


def _was_written(store: Store, draft: Draft) -> bool:
    """Return whether the bucket has exactly this document: a killed recovery wrote it without a note."""
    data = to_bytes(draft.document)
    for key in (draft.key, silent_edit_draft(draft).key):
        with suppress(KeyError, FindingsFound):
            if store.get(key, most=strict_json.MOST) == data:
                return True
    return False


def adopt(config: Config, store: Store, site: Site, other: Path) -> int:
    """Move the files of a site from another worker's spool into this one.

    The next crawl here publishes them, and its manifest lists those that are published already. If both spools have a
    file of the same name, one spool is a copy of the other: that segment stays there with all its files.

    Args:
        config: names this spool.
        store: the bucket; its manifests say what is listed already.
        site: the site.
        other: a spool on the same file system, of a worker that is gone.

    Returns:
        The number of files moved.

    Raises:
        BucketError: the bucket failed; nothing was moved.
        HostBusy: a crawl of this site is running, here or there.
        SpoolError: a spool can't be read or written, or some files stay there; all others were moved.
    """
    here, there = config.spool / site.site, other / site.site
    try:
        if not there.is_dir() or not _spool_paths(there, site):
            return 0
        with host_lock(attrs.evolve(config, spool=other), site, seconds=WAIT), host_lock(config, site, seconds=WAIT):
            unlisted(store, there, site.site)
            make_folder(here, config.sharing)
            # Segments last: if this is interrupted, each segment here has all its files.
            found = sorted(_spool_paths(there, site), key=lambda path: path.name.endswith((".warc.gz", OPEN)))
            copies = {_segment_stem(path) for path in found if os.path.lexists(here / path.name)}
            moved = [path for path in found if _segment_stem(path) not in copies]
            for path in moved:
                path.rename(here / path.name)
    except OSError as error:
        raise SpoolError(f"the files in {there} can't be moved to {here}: {error}") from error
    logger.warning("moved %d files here from %s", len(moved), there)
    if copies:
        raise SpoolError(
            f"{len(found) - len(moved)} files stay in {there}, because {here} has files of the same names: "
            f"{printable(', '.join(sorted(copies)))}. Delete the older ones."
        )
    return len(moved)


def _segment_stem(path: Path) -> str:
    """Return the common part of the file names of one segment, or of a file that was set aside and its note."""
    return path.name.partition(".warc.gz")[0].removesuffix(NOTE).removesuffix(BAD)


def _spool_paths(folder: Path, site: Site) -> list[Path]:
    """Return the files of runs in a folder, and the files that were set aside there."""
    files = spool_files(folder, site.site)
    notes = [path for path in map(note_path, files.bad) if path.exists()]
    return [*(each.path for each in files.segment_files), *notes, *files.bad]
