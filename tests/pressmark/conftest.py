import os

import pytest

from pressmark.archive.s3.store import Store
from pressmark.config import Config


@pytest.fixture
def store(bucket: str) -> Store:
    """A fresh bucket on the real S3 server."""
    config = Config.from_env(os.environ)
    assert config.bucket == bucket
    return Store.open(config)
