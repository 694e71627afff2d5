"""Local copies of the merged indexes: pywb searches an index where it can seek in it, on the disk."""

import json
import logging
from pathlib import Path

import attrs

from pressmark.archive.s3.store import Store
from pressmark.errors import PressmarkError
from pressmark.model import keys, strict_json
from pressmark.private import make_folder, opener

_SUFFIX = ".cdxj"
_COMING = ".coming"
"""Ends the name of a copy that is not whole yet; pywb does not look at it."""

logger = logging.getLogger("pressmark.replay")


@attrs.frozen
class Synced:
    """What one look at the bucket brought."""

    sites: tuple[str, ...]
    """Those that have an index."""
    written: int = 0
    """How many copies are new."""


@attrs.define
class LocalIndexes:
    """Keeps `<folder>/<site>/indexes/<month>.cdxj` like the bucket's, by each look.

    A copy takes the place of the one before in one step, so a search that goes on ends in the one it began in.
    """

    store: Store
    folder: Path

    def sync(self) -> Synced:
        """Copy the indexes that changed, and delete copies of those that are gone.

        Raises:
            BucketError: the bucket failed; the copies are as they were, or newer.
        """
        there = {key: tag for key, tag in self.store.etags(keys.INDEX) if self._place(key)}
        known, written = self._known(), 0
        for key in known.keys() - there.keys():
            self._of(key).unlink(missing_ok=True)
            del known[key]
        for key, tag in there.items():
            place = self._of(key)
            if known.get(key) == tag and place.exists():
                continue
            make_folder(place.parent)
            coming = place.with_suffix(_COMING)
            try:
                with open(coming, "w+b", opener=opener) as file:
                    self.store.fetch(key, file)
            except KeyError:
                continue  # It went since it was listed.
            coming.replace(place)
            known[key], written = tag, written + 1
            self._keep(known)
        self._keep(known)
        return Synced(tuple(sorted({key.split("/")[1] for key in there})), written)

    def sync_or_log(self) -> None:
        """Look, and let no trouble out that another look may mend."""
        try:
            if done := self.sync().written:
                logger.info("%d indexes are newer", done)
        except PressmarkError as error:
            logger.warning("the indexes stay as they were: %s", error)
        except Exception:  # The disk may be full for a while: what comes then is not to be missed.
            logger.exception("the indexes stay as they were")

    @property
    def _note(self) -> Path:
        return self.folder.with_suffix(".json")

    def _keep(self, known: dict[str, str]) -> None:
        with open(self._note, "w", encoding="utf-8", opener=opener) as file:
            json.dump(known, file)

    def _known(self) -> dict[str, str]:
        """Return the ETags of the objects that were copied; an invalid note is ignored, and all is copied again."""
        try:
            found = strict_json.load_object(self._note.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            logger.warning("%s can't be read, all indexes are copied again: %s", self._note, error)
            return {}
        return {key: str(tag) for key, tag in found.items() if self._place(key)}

    def _of(self, key: str) -> Path:
        _, site, name = key.split("/")
        return self.folder / site / "indexes" / name

    def _place(self, key: str) -> bool:
        """Tell whether a key is that of a merged index, and no path of somebody's making."""
        parts = key.split("/")
        return len(parts) == 3 and key.endswith(_SUFFIX) and not any(each.startswith(".") or not each for each in parts)
