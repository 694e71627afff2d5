"""Telling: what was published gets into a manifest, once, even if the run is killed around that moment."""

import json
from collections.abc import Iterable
from pathlib import Path

from pressmark.archive import manifest
from pressmark.archive.batch import Published, forget, kept, read_file, replace_file
from pressmark.archive.store import Store

_MARK = "telling.json"
"""Names the manifest that is about to be written and what it tells of: whether it was, the bucket knows."""


def untold(store: Store, folder: Path, site: str) -> dict[Path, Published]:
    """Return what was published from a spool and is in no manifest, oldest first; forget what is in one."""
    mark = folder / _MARK
    if mark.exists():
        facts = read_file(mark)
        if _is_there(store, facts["manifest"]):
            for name in facts["published"]:
                forget(folder / name)
        mark.unlink()
    return kept(folder, site)


def tell(store: Store, folder: Path, document: manifest.Manifest, told: Iterable[Path]) -> str:
    """Write a run's manifest, forget what it tells of, and return its key."""
    paths = list(told)
    if not paths:  # Nothing was captured, and there may be no spool.
        return manifest.write(store, document)
    facts = {"manifest": manifest.key_of(document), "published": [path.name for path in paths]}
    replace_file(folder / _MARK, json.dumps(facts))
    key = manifest.write(store, document)
    for path in paths:
        forget(path)
    (folder / _MARK).unlink()
    return key


def _is_there(store: Store, key: str) -> bool:
    try:
        store.get(key, 0, 1)
    except KeyError:
        return False
    return True
