"""An Airflow home that an earlier commit left in mid-run is taken over: its database, deadlines, results and pools."""

import shutil
from pathlib import Path

import attrs
import httpx
import pytest
import yaml

from pressmark.local.airflow import PARTS, LocalAirflow
from pressmark.local.newsroom.site_file import write_site_file
from pressmark.local.s3server import RunningS3
from pressmark.model import keys
from pressmark.system.ports import free_port
from tests.conftest import ROOT, fresh_bucket
from tests.dags.night import ARCHIVE, HASTE, SLOW, night
from tests.support.earlier import checked_out

pytestmark = pytest.mark.long

SECTION = "newsroom/world/europe"
COMMITS = ("88a4982", "f168f16", "dc86c34", "6f0afe2")
"""From the first that makes pools to the last whose modules had other names (`apps`)."""


@pytest.mark.parametrize("commit", COMMITS)
def test_a_home_that_an_earlier_commit_left_in_mid_run_is_taken_over(
    s3: RunningS3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, commit: str
) -> None:
    bucket = fresh_bucket(s3, monkeypatch)
    with checked_out(commit, tmp_path) as code, night(tmp_path, s3, bucket, code, [], **HASTE) as old:
        url = yaml.safe_load((old.sites / "newsroom.yml").read_text())["origin"]
        old.airflow.unpause(ARCHIVE)
        done = old.run(ARCHIVE, pages=1)
        old.set_site(politeness=SLOW)
        left = old.started(recheck=True, pages=2)
        for part in PARTS:
            old.airflow.head(part).kill()
        old.airflow.stop()
        old.until(lambda: not old.crawls())
        documents = set(old.store.keys("articles/newsroom/"))

        write_site_file(old.sites, url)
        shutil.rmtree(old.airflow.home / "plugins")
        environment = {**old.airflow.environment, "PYTHONPATH": str(ROOT)}
        airflow = LocalAirflow(old.airflow.home, ROOT / "dags", free_port(), environment)
        with airflow.running():
            new = attrs.evolve(old, airflow=airflow)
            new.ended(ARCHIVE, left)
            new.run(ARCHIVE, pages=3, recheck=True)
            assert documents <= set(new.store.keys("articles/newsroom/"))
            assert not list(new.store.keys(keys.SILENT_EDITS))
            new.clear(ARCHIVE, done, "verify", downstream=True)
            assert new.ended(ARCHIVE, done) == "success", "what its crawl returned is read"
            for page in (f"sections/{SECTION}", new.airflow.result(ARCHIVE, done, "crawl")["manifest_key"]):
                console = httpx.get(f"{airflow.url}/archive/{page}", headers=new.token(), timeout=30)
                assert console.status_code == 200, page
        new.verify()
