"""Caches: what programs keep on this machine, and make anew if it is gone."""

import os
from pathlib import Path


def cache_folder(of: str) -> Path:
    """Return the folder of a program's cache, below `XDG_CACHE_HOME`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "pressmark" / of
