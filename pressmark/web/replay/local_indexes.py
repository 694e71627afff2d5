"""Local copies of the merged indexes: pywb needs them on disk, to seek in them."""

import json
import logging
from pathlib import Path

import attrs

from pressmark.archive.s3.store import Store
from pressmark.errors import PressmarkError
from pressmark.model import keys, strict_json
from pressmark.private import make_folder, opener

_SUFFIX = ".cdxj"
_PARTIAL = ".coming"
"""Suffix of an incomplete copy; pywb ignores it."""

logger = logging.getLogger("pressmark.replay")


@attrs.frozen
class Synced:
    """Result of one synchronization."""

    sites: tuple[str, ...]
    """Sites with an index."""
    written: int = 0
    """Number of new copies."""


@attrs.define
class LocalIndexes:
    """Synchronizes `<folder>/<site>/indexes/<month>.cdxj` with the bucket.

    A copy replaces the previous one atomically, so a running search finishes in the file where it began.
    """

    store: Store
    folder: Path

    def sync(self) -> Synced:
        """Copy the indexes that changed, and delete copies of those that do not exist any more.

        Raises:
            BucketError: the bucket failed; each copy is unchanged or newer.
        """
        listed = {key: tag for key, tag in self.store.etags(keys.INDEX) if self._is_index(key)}
        known, written = self._read_note(), 0
        for key in known.keys() - listed.keys():
            self._copy_path(key).unlink(missing_ok=True)
            del known[key]
        for key, tag in listed.items():
            copy = self._copy_path(key)
            if known.get(key) == tag and copy.exists():
                continue
            make_folder(copy.parent)
            partial = copy.with_suffix(_PARTIAL)
            try:
                with open(partial, "w+b", opener=opener) as file:
                    self.store.fetch(key, file)
            except KeyError:
                continue  # It was deleted after it was listed.
            partial.replace(copy)
            known[key], written = tag, written + 1
            self._save_note(known)
        self._save_note(known)
        return Synced(tuple(sorted({key.split("/")[1] for key in listed})), written)

    def sync_or_log(self) -> None:
        """Synchronize, and log errors: the next try may succeed."""
        try:
            if done := self.sync().written:
                logger.info("copied %d new indexes", done)
        except PressmarkError as error:
            logger.warning("the indexes were not synchronized: %s", error)
        except Exception:  # The disk may be full for a while; later indexes must not be missed.
            logger.exception("the indexes were not synchronized")

    @property
    def _note(self) -> Path:
        return self.folder.with_suffix(".json")

    def _save_note(self, known: dict[str, str]) -> None:
        with open(self._note, "w", encoding="utf-8", opener=opener) as file:
            json.dump(known, file)

    def _read_note(self) -> dict[str, str]:
        """Return the ETags of the objects that were copied; an invalid note is ignored, and all is copied again."""
        try:
            found = strict_json.load_object(self._note.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            logger.warning("%s can't be read; all indexes are copied again: %s", self._note, error)
            return {}
        return {key: str(tag) for key, tag in found.items() if self._is_index(key)}

    def _copy_path(self, key: str) -> Path:
        _, site, name = key.split("/")
        return self.folder / site / "indexes" / name

    def _is_index(self, key: str) -> bool:
        """Return whether a key is that of a merged index, and no crafted path."""
        parts = key.split("/")
        return len(parts) == 3 and key.endswith(_SUFFIX) and not any(each.startswith(".") or not each for each in parts)
