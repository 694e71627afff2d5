"""Spools of earlier commits are taken over: their code, from git, crawls and is killed; today's code continues."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import attrs
import pytest

from pressmark.archive.s3.store import Store
from pressmark.config import Config
from pressmark.local.newsroom import Newsroom
from pressmark.local.newsroom.http.server_thread import RunningNewsroom
from pressmark.local.newsroom.site_file import write_site_file
from pressmark.local.s3server import RunningS3
from pressmark.model import keys
from tests.conftest import ROOT
from tests.support.earlier import COMMITS, checked_out, write_its_site_file
from tests.support.tools import until

pytestmark = pytest.mark.long

SECTION = "newsroom/world/europe"


@attrs.frozen
class Taken:
    """A bucket and a spool of a commit."""

    code: Path
    """Its checkout."""
    folder: Path
    environment: dict[str, str]

    def command(self, root: Path, *arguments: str) -> tuple[list[str], dict[str, str]]:
        sites = self.folder / ("sites" if root == ROOT else "old-sites")
        more = {"PYTHONPATH": str(root), "PRESSMARK_SITES": str(sites)}
        program = "pressmark" if root == ROOT else "apps.cli"
        return [sys.executable, "-m", program, *arguments], {**self.environment, **more}

    def run(self, root: Path, *arguments: str) -> str:
        command, environment = self.command(root, *arguments)
        done = subprocess.run(command, env=environment, cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{arguments}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
        return done.stdout

    def kill(self, root: Path, when: Callable[[], bool], *arguments: str) -> None:
        """Start a command, and kill it and all of its group when something holds."""
        command, environment = self.command(root, *arguments)
        quiet = subprocess.DEVNULL
        with subprocess.Popen(
            command, env=environment, cwd=self.folder, stdout=quiet, stderr=quiet, start_new_session=True
        ) as process:
            until(when)
            os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.parametrize("commit", COMMITS)
def test_what_an_earlier_commit_left_is_taken_over(s3: RunningS3, bucket: str, tmp_path: Path, commit: str) -> None:
    store = Store.open(Config.from_env({**os.environ, **s3.environment, "PRESSMARK_BUCKET": bucket}))
    running = RunningNewsroom(Newsroom(articles=40, crawl_delay=0))
    with checked_out(commit, tmp_path) as code, running as site:
        write_site_file(tmp_path / "sites", site.url)
        write_its_site_file(code, tmp_path / "old-sites", site.url)
        more = {"PRESSMARK_BUCKET": bucket, "PRESSMARK_SPOOL": str(tmp_path / "spool"), "NO_PROXY": "127.0.0.1"}
        taken = Taken(code, tmp_path, {**os.environ, **s3.environment, **more})
        newsroom = site.newsroom

        taken.run(code, "crawl", SECTION, "--pages", "2")
        documents = set(store.keys(keys.ARTICLES))
        assert len(documents) > 30
        newsroom.advance(timedelta(minutes=30))
        newsroom.update(newsroom.article_id(39))
        asked = newsroom.requests.total
        taken.kill(code, lambda: newsroom.requests.total > asked + 12, "crawl", SECTION, "--recheck")

        taken.run(ROOT, "recover")
        taken.run(ROOT, "crawl", SECTION, "--recheck", "--pages", "3")
        [updated] = set(store.keys(keys.ARTICLES)) - documents
        assert newsroom.article_id(39) in updated
        output = taken.run(ROOT, "crawl", SECTION, "--recheck", "--pages", "3")
        assert "nothing changed" in output
        assert not list(store.keys(keys.SILENT_EDITS))
        taken.run(ROOT, "verify", "newsroom", "--full")
        assert not [path for path in (tmp_path / "spool").rglob("*.warc.gz*") if path.is_file()]
