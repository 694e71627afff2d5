"""Commit of a run: published segments are listed in one manifest, exactly once, even if the run is killed."""

import json
import logging
import os
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from pressmark.archive.bucket import manifest
from pressmark.archive.publish.uploaded import repair_notes
from pressmark.archive.s3 import conditional_write
from pressmark.archive.s3.store import Store
from pressmark.archive.spool.batch import Published, delete_note, published_notes
from pressmark.archive.spool.durable_file import replace_file, sync_folder
from pressmark.archive.spool.regular_file import read_regular
from pressmark.archive.spool.set_aside import set_aside
from pressmark.archive.spool.spool_files import MARK, PUBLISHED
from pressmark.errors import FindingsFound
from pressmark.file_system import spool_error
from pressmark.model import json_model, keys, strict_json

logger = logging.getLogger("pressmark.crawl")


def unlisted(store: Store, folder: Path, site: str) -> dict[Path, Published]:
    """Return the notes of a spool that no manifest lists, oldest first; delete notes that a manifest lists.

    Notes of segments in another bucket stay in the spool: a run with that bucket lists them.

    Raises:
        BucketError: the bucket failed.
        SpoolError: the disk failed.
    """
    mark = folder / MARK
    try:
        if os.path.lexists(mark):
            _delete_listed_by_mark(store, folder, site, mark)
        repair_notes(store, folder, site)
        notes = _delete_listed(store, folder, site)  # The spool may be an older copy.
    except OSError as error:
        raise spool_error(f"the published segments of {folder} can't be listed", folder, error) from error
    return {path: each for path, each in notes.items() if is_of_bucket(store, path, each)}


def is_of_bucket(store: Store, path: Path, published: Published) -> bool:
    """Return whether the segment of a note is in this bucket: the spool may have been used with another one."""
    if conditional_write.head(store, published.segment.key):
        return True
    logger.warning("%s is not in bucket %r: no manifest there lists %s", published.segment.key, store.bucket, path)
    return False


def commit(store: Store, folder: Path, document: manifest.Manifest, notes: Iterable[Path]) -> str:
    """Write a run's manifest, delete the notes that it lists, and return its key.

    Raises:
        BucketError: the bucket failed.
        SpoolError: the disk failed; without a manifest, the next run's lists the segments.
    """
    paths = list(notes)
    if not paths:  # Nothing was captured; perhaps there is no spool.
        return manifest.write(store, document)
    text = json.dumps({"manifest": manifest.key_of(document), "published": [path.name for path in paths]})
    try:
        replace_file(folder / MARK, text)
    except OSError as error:
        raise spool_error("the run can't be committed", folder, error, len(text)) from error
    key = manifest.write(store, document)
    try:
        _clear(folder / MARK, paths)
    except OSError as error:  # The mark exists: the next run deletes them.
        logger.warning("notes that manifest %s lists can't be deleted from the spool: %s", key, error)
    return key


def _delete_listed_by_mark(store: Store, folder: Path, site: str, mark: Path) -> None:
    """Delete the notes that a mark's manifest lists, if it was written; the next manifest lists the others."""
    try:
        key, names = _read(mark)
    except (OSError, ValueError, TypeError, LookupError, AttributeError) as error:
        logger.warning("%s can't be read (%s): the manifests are read instead", mark, error)
        set_aside(mark, f"it can't be read: {error}; the manifests were read instead")
        return
    try:
        listed = {Path(each.key).name + PUBLISHED for each in manifest.read_listed(store, key).segments}
    except FindingsFound as error:
        logger.warning("%s", error)
        listed = set()
    _clear(mark, [folder / name for name in names if name in listed])


def _read(mark: Path) -> tuple[str, list[str]]:
    facts = strict_json.load_object(read_regular(mark))
    key, names = facts["manifest"], facts["published"]
    if not json_model.key(key).startswith(keys.RUNS):
        raise ValueError("it names no manifest")
    if any("\0" in name or Path(name).name != name or not name.endswith(PUBLISHED) for name in names):
        raise ValueError("it names other files than notes")
    return key, list(names)


def _clear(mark: Path, published: list[Path]) -> None:
    for path in published:
        delete_note(path)
    sync_folder(mark.parent)  # After a power cut a note must not reappear without the mark.
    mark.unlink()


def _delete_listed(store: Store, folder: Path, site: str) -> dict[Path, Published]:
    """Delete each note with a segment that a manifest lists, of a run on its day or later; return the others."""
    left = published_notes(folder, site)
    paths = {published.segment.key: path for path, published in left.items()}
    days = [day for day in map(keys.day_in, paths) if day]
    since = min(days) - timedelta(days=1) if days else None  # A run at midnight.
    for section in manifest.sections(store, site) if left else ():
        for key in manifest.since(store, site, section, since):
            try:
                segments = manifest.read_listed(store, key).segments
            except FindingsFound as error:
                logger.warning("%s", error)
                continue
            for path in filter(None, (paths.get(segment.key) for segment in segments)):
                if left.pop(path, None):
                    logger.warning("%s is in manifest %s already", path.name, key)
                    delete_note(path)
    return left
