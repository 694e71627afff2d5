"""Cache folders on this machine. Programs rebuild what is missing."""

import hashlib
import os
from pathlib import Path

from pressmark.archive.s3.store import Store


def cache_folder(of: str) -> Path:
    """Return the folder of a program's cache, below `XDG_CACHE_HOME`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "pressmark" / of


def cache_name(store: Store) -> str:
    """Return a name for the cache of a bucket; buckets of one name on two servers get two names."""
    at = hashlib.sha256(str(store.client.meta.endpoint_url).encode()).hexdigest()[:8]
    return f"{store.bucket}-{at}"
