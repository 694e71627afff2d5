"""What tests of several rooms share: the real S3 server, and an Airflow home with its database, once per session."""

import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from pressmark.archive.s3.store import Store
from pressmark.config import Config
from pressmark.local.newsroom.site_file import write_site_file
from pressmark.local.s3server import RunningS3
from tests.support.archive import Archive, archiving
from tests.support.s3_proxy import Proxy, proxied

ROOT = Path(__file__).parents[1]

# Airflow reads these when it is first imported, which is as early as some other conftest: no fixture would be in time.
AIRFLOW_HOME = tempfile.TemporaryDirectory(prefix="pressmark-airflow-")
write_site_file(Path(AIRFLOW_HOME.name, "sites"), "http://127.0.0.1:8765")
os.environ |= {
    "PRESSMARK_SITES": f"{AIRFLOW_HOME.name}/sites",  # A newsroom's.
    "AIRFLOW_HOME": AIRFLOW_HOME.name,
    "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{AIRFLOW_HOME.name}/airflow.db",
    "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
}

# No test is timed: a machine may be busy.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# It writes patches of failed examples by libcst, which Airflow brings and which breaks on classes of zope.interface.
sys.modules["hypothesis.extra._patching"] = None  # type: ignore[assignment]


LONGEST = (
    *("test_soak.py", "test_bucket_faults.py", "test_earlier_commits.py"),
    *("test_operators_day.py", "test_earlier_homes.py"),
)
"""Files that begin first: one that takes minutes and begins last would keep one process busy alone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort them so; within a file nothing changes."""
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningS3]:
    """An S3 server of this session's own."""
    with RunningS3(tmp_path_factory.mktemp("s3")) as running:
        yield running


@pytest.fixture
def bucket(s3: RunningS3, monkeypatch: pytest.MonkeyPatch) -> str:
    """A fresh bucket, which the environment names: `Store.open(Config.from_env(os.environ))` opens it."""
    return fresh_bucket(s3, monkeypatch)


@pytest.fixture
def proxy(s3: RunningS3, bucket: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """A proxy of faults before the S3 server; the environment names it from here on."""
    with proxied(s3.endpoint) as running:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", running.endpoint)
        yield running


@pytest.fixture(scope="session")
def airflow_database() -> None:
    """Make the tables of Airflow's database, once."""
    subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], check=True, capture_output=True)


def fresh_bucket(s3: RunningS3, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make a bucket, and let the environment name it."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    s3.client().create_bucket(Bucket=name)
    for variable, value in {**s3.environment, "PRESSMARK_BUCKET": name}.items():
        monkeypatch.setenv(variable, value)
    return name


@pytest.fixture
def store(bucket: str) -> Store:
    """A fresh bucket on the real S3 server."""
    config = Config.from_env(os.environ)
    assert config.bucket == bucket
    return Store.open(config)


@pytest.fixture
def archive(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    """A newsroom of 30 articles that stands still, and an empty bucket to archive it."""
    with archiving(tmp_path, monkeypatch) as made:
        assert made.config.bucket == bucket
        yield made
