"""A newsroom, the bucket that archives it, and crawls as Airflow runs them: in a process of their own."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest

from pressmark.archive.s3.store import Store
from pressmark.config import Config
from pressmark.local.newsroom.http.server_thread import RunningNewsroom
from pressmark.local.newsroom.newsroom import Newsroom
from pressmark.local.newsroom.site_file import write_site_file

ROOT = Path(__file__).parents[2]
SECTION = "newsroom/world/europe"
READABLE = 26
"""Of the newsroom's 30 articles; the others are galleries and videos without `#Content`."""


@attrs.frozen
class Crawl:
    """How one crawl ended."""

    exit_code: int
    manifest: dict[str, Any]
    error: dict[str, Any] | None
    manifest_key: str | None
    log: list[dict[str, str]]
    printed: str
    """All output on its terminal: the log, and everything else."""

    @property
    def counts(self) -> dict[str, int]:
        counts: dict[str, int] = self.manifest["counts"]
        return counts


@attrs.frozen
class Archive:
    """A newsroom, the bucket that archives it, and the crawl between them."""

    newsroom: Newsroom
    url: str
    config: Config
    store: Store

    def set_site(self, **changes: Any) -> None:
        """Write the newsroom's site file: the shipped one with this address, and changes."""
        assert self.config.sites
        write_site_file(self.config.sites, self.url, **changes)

    def start(
        self, *options: str, section: str = SECTION, runner: str = "pressmark.crawl.process", **environment: str
    ) -> tuple[subprocess.Popen[str], int]:
        """Start the crawl runner; return it with the reading end of its result pipe."""
        reader, writer = os.pipe()
        command = [sys.executable, "-m", runner, section, "--log", "json", "--result-fd", str(writer)]
        process = subprocess.Popen(
            [*command, *options],
            pass_fds=[writer],
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | environment,
            cwd=ROOT,
        )
        os.close(writer)
        return process, reader

    def started(self, requests: int, *options: str, **environment: str) -> tuple[subprocess.Popen[str], int]:
        """Start the crawl runner, and return when the newsroom has seen so many more requests."""
        wanted = self.newsroom.requests.total + requests
        process, reader = self.start(*options, **environment)
        while self.newsroom.requests.total < wanted:
            assert process.poll() is None
            time.sleep(0.01)  # The newsroom is a thread of this process.
        return process, reader

    def killed(self, requests: int) -> None:
        """Run a crawl that is killed after so many requests."""
        process, reader = self.started(requests)
        process.kill()
        process.communicate()
        os.close(reader)

    def crawl(self, *options: str, **environment: str) -> Crawl:
        """Run a crawl to its end."""
        return self.finish(*self.start(*options, **environment))

    def finish(self, process: subprocess.Popen[str], reader: int, within: float = 120) -> Crawl:
        """Wait for a crawl that was started, so many seconds at most."""
        with os.fdopen(reader) as pipe, ThreadPoolExecutor(1) as reading:  # A pipe that is full would hold the crawl.
            result_text = reading.submit(pipe.read)
            _, errors = process.communicate(timeout=within)
            said = result_text.result()
        assert said, errors
        log = [json.loads(line) for line in errors.splitlines() if line.startswith("{")]
        result = json.loads(said)
        return Crawl(process.returncode, result["manifest"] or {}, result["error"], result["manifest_key"], log, errors)

    def documents(self) -> dict[str, dict[str, Any]]:
        """Return all published versions by key."""
        return {key: json.loads(self.store.get(key)) for key in self.store.keys("articles/")}


@contextmanager
def archiving(folder: Path, monkeypatch: pytest.MonkeyPatch, articles: int = 30) -> Iterator[Archive]:
    """Run a newsroom, to be archived in the bucket that the environment names."""
    sites = folder / "sites"
    sites.mkdir()
    monkeypatch.setenv("PRESSMARK_SITES", str(sites))
    monkeypatch.setenv("PRESSMARK_SPOOL", str(folder / "spool"))
    config = Config.from_env(os.environ)
    with RunningNewsroom(Newsroom(articles=articles, crawl_delay=0)) as running:
        made = Archive(running.newsroom, running.url, config, Store.open(config))
        made.set_site()
        yield made
