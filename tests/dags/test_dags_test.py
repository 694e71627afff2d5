"""`airflow dags test`, for trying a DAG: it exits with 0 if all tasks succeeded."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pressmark.local.newsroom import Newsroom
from pressmark.local.newsroom.http.server_thread import RunningNewsroom
from pressmark.local.newsroom.site_file import write_site_file
from pressmark.local.s3server import RunningS3
from tests.conftest import ROOT
from tests.support.identities import keys_of

pytestmark = pytest.mark.long


def test_every_dag_can_be_tried_under_its_policy_and_says_how_it_ended(
    s3: RunningS3, bucket: str, tmp_path: Path
) -> None:
    with RunningNewsroom(Newsroom(articles=20, crawl_delay=0)) as site:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")},
            **keys_of("crawler", s3, bucket),
            "AIRFLOW_HOME": str(tmp_path / "airflow"),
            "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "PRESSMARK_SITES": str(write_site_file(tmp_path / "sites", site.url)),
            "PRESSMARK_SPOOL": str(tmp_path / "spool"),
            "PRESSMARK_BUCKET": bucket,
        }

        def airflow(*words: str) -> subprocess.CompletedProcess[str]:
            command = [sys.executable, "-m", "airflow", *words]
            return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

        assert airflow("db", "migrate").returncode == 0
        for dag_id in ("archive_newsroom_world_europe", "package_newsroom", "audit_newsroom", "watch_site_files"):
            done = airflow("dags", "test", dag_id)
            assert done.returncode == 0, f"{dag_id}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
        site.newsroom.fault("/world/europe", "empty-listing")
        failed = airflow("dags", "test", "archive_newsroom_world_europe")
        assert failed.returncode != 0
        assert "LayoutChanged" in failed.stdout + failed.stderr
