from datetime import timedelta
from pathlib import Path

import attrs
import pytest

from pressmark.archive.bucket.provision import Terms, protect
from pressmark.archive.s3.store import Store

RETENTION = timedelta(days=10)


@pytest.fixture
def protected(store: Store) -> Store:
    """A bucket with all protection, and a store that locks segments for ten days."""
    list(protect(store, Terms()))
    return attrs.evolve(store, retention=RETENTION)


@pytest.fixture
def segment(tmp_path: Path) -> Path:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(b"two lamps")
    return path
