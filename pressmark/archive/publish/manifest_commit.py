"""Telling: what was published gets into a manifest, once, even if the run is killed around that moment."""

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
from pressmark.archive.spool.batch import Published, forget, kept
from pressmark.archive.spool.durable_file import replace_file, sync_folder
from pressmark.archive.spool.regular_file import read_regular
from pressmark.archive.spool.set_aside import set_aside
from pressmark.archive.spool.spool_files import MARK, PUBLISHED
from pressmark.errors import FindingsFound
from pressmark.file_system import spool_error
from pressmark.model import json_model, keys, strict_json

logger = logging.getLogger("pressmark.crawl")


def unlisted(store: Store, folder: Path, site: str) -> dict[Path, Published]:
    """Return what was published from a spool and is in no manifest, oldest first; forget what is in one.

    What was published to another bucket is left in the spool: a run with that bucket lists it.

    Raises:
        BucketError: the bucket failed.
        SpoolError: the disk failed.
    """
    mark = folder / MARK
    try:
        if os.path.lexists(mark):
            _forget(store, folder, site, mark)
        repair_notes(store, folder, site)
        notes = _forget_listed(store, folder, site)  # A spool may be an older copy of itself.
    except OSError as error:
        raise spool_error(f"what was published from {folder} can't be listed", folder, error) from error
    return {path: each for path, each in notes.items() if is_of_bucket(store, path, each)}


def is_of_bucket(store: Store, path: Path, published: Published) -> bool:
    """Tell whether the segment of a note is in this bucket: a spool may have been used with another one."""
    if conditional_write.head(store, published.segment.key):
        return True
    logger.warning("%s is not in bucket %r: %s is in no manifest of it", published.segment.key, store.bucket, path)
    return False


def commit(store: Store, folder: Path, document: manifest.Manifest, notes: Iterable[Path]) -> str:
    """Write a run's manifest, forget what it tells of, and return its key.

    Raises:
        BucketError: the bucket failed.
        SpoolError: the disk failed; if there is no manifest, the next run's tells of it.
    """
    paths = list(notes)
    if not paths:  # Nothing was captured, and there may be no spool.
        return manifest.write(store, document)
    text = json.dumps({"manifest": manifest.key_of(document), "published": [path.name for path in paths]})
    try:
        replace_file(folder / MARK, text)
    except OSError as error:
        raise spool_error("the run can't be committed", folder, error, len(text)) from error
    key = manifest.write(store, document)
    try:
        _clear(folder / MARK, paths)
    except OSError as error:  # The mark is there: the next run forgets them.
        logger.warning("what manifest %s lists can't be deleted from the spool: %s", key, error)
    return key


def _forget(store: Store, folder: Path, site: str, mark: Path) -> None:
    """Forget what the manifest that a mark names lists, if it was written; the next manifest lists the rest."""
    try:
        key, names = _read(mark)
    except (OSError, ValueError, TypeError, LookupError, AttributeError) as error:
        logger.warning("%s can't be read (%s): the manifests are read instead", mark, error)
        set_aside(mark, f"it can't be read: {error}; what it said was found in the manifests")
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
        forget(path)
    sync_folder(mark.parent)  # A power cut must not bring back a note without the mark.
    mark.unlink()


def _forget_listed(store: Store, folder: Path, site: str) -> dict[Path, Published]:
    """Forget each segment that a manifest of the site lists, of a run on its day or later; return the others."""
    left = kept(folder, site)
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
                    forget(path)
    return left
