"""The newsroom's DAG on a newsroom and a bucket of the test's own."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from airflow.dag_processing.dagbag import DagBag

from pressmark.local.newsroom import Newsroom
from pressmark.local.newsroom.http.server_thread import RunningNewsroom
from pressmark.local.newsroom.site_file import write_site_file
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def empty_airflow() -> None:
    """Empty Airflow's database: an asset of the same name in another test's bucket would conflict."""
    subprocess.run([sys.executable, "-m", "airflow", "db", "reset", "--yes"], check=True, capture_output=True)


@pytest.fixture
def newsroom(tmp_path: Path, bucket: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Newsroom]:
    """A newsroom of 30 articles, named by the site files."""
    with RunningNewsroom(Newsroom(articles=30)) as site:
        monkeypatch.setenv("PRESSMARK_SITES", str(write_site_file(tmp_path / "sites", site.url)))
        monkeypatch.setenv("PRESSMARK_SPOOL", str(tmp_path / "spool"))
        yield site.newsroom


def read_dags() -> DagBag:
    """Read the DAG folder as Airflow does."""
    return DagBag(ROOT / "dags")
