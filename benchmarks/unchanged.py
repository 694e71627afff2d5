"""Cost of a run over an unchanged section: every known article is requested again; compared with bare requests."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import attrs
import click
from rich.console import Console
from rich.table import Table

from pressmark.archive.bucket import manifest, visits
from pressmark.archive.s3.store import Store
from pressmark.config import Config
from pressmark.local.newsroom.http.server_thread import RunningNewsroom
from pressmark.local.newsroom.newsroom import Newsroom
from pressmark.local.newsroom.site_file import site_facts, write_site_file
from pressmark.local.s3server import RunningS3

ROOT = Path(__file__).parents[1]
SECTION = "newsroom/world/europe"
GOAL = 1.3


@click.command()
@click.option("--articles", default=1000, show_default=True)
@click.option("--rounds", default=3, show_default=True)
@click.option("--delay", default=0.02, show_default=True, help="Seconds between requests; 0: as fast as it goes.")
def main(articles: int, rounds: int, delay: float) -> None:
    """Print the seconds of a whole run, from its process's start to its end, and of a bare spider's."""
    console = Console()
    table = Table("round", "run s", "bare s", "ratio", "304s", "bodies", box=None)
    ratios = []
    with tempfile.TemporaryDirectory(prefix="pressmark-bench-") as folder, RunningS3(Path(folder, "s3")) as s3:
        os.environ |= s3.environment | {"PRESSMARK_SITES": folder, "PRESSMARK_SPOOL": f"{folder}/spool"}
        store = Store.open(Config.read())
        with RunningNewsroom(Newsroom(articles=articles, crawl_delay=0)) as running:
            _write_site(Path(folder), running.url, delay)
            with console.status(f"the first run publishes {articles} articles"):
                _run("-m", "pressmark.crawl.process", SECTION, "--pages", str(articles), "--recheck")
            for number in range(rounds):
                run = _run("-m", "pressmark.crawl.process", SECTION)
                measured = manifest.latest(store, "newsroom", "world/europe")
                assert measured
                counts = measured.counts
                bodies = counts["seen"] - counts["not_modified"]
                pages = Path(folder, "pages.json")
                pages.write_text(json.dumps(_pages(store, measured)))
                bare = _run("-m", "benchmarks.bare", str(pages), running.url, str(delay))
                ratios.append(run / bare)
                seen = f"{counts['not_modified']} of {counts['seen']}"
                table.add_row(str(number + 1), f"{run:.1f}", f"{bare:.1f}", f"{ratios[-1]:.2f}", seen, str(bodies))
    console.print(table)
    console.print(f"median ratio {statistics.median(ratios):.2f}; goal {GOAL}, and no body")


def _run(*command: str) -> float:
    started = time.perf_counter()
    done = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return time.perf_counter() - started


def _write_site(folder: Path, url: str, delay: float) -> None:
    write_site_file(
        folder,
        url,
        recheck={"steps": [{"until": "P9000D", "every": "PT0S"}]},
        requisites={"number": 0, "size": 0},
        politeness=site_facts()["politeness"] | {"delay": delay, "concurrency": 4},
    )


def _pages(store: Store, measured: manifest.Manifest) -> list[dict[str, Any]]:
    """Return the run's requests: every page of every article, with its validators."""
    assert measured.visits
    known = visits.read(store, measured.visits.key).values()
    return [
        {"url": page.original.url, **attrs.asdict(page, filter=attrs.filters.include("etag", "last_modified"))}
        for visit in known
        for page in visit.pages
    ]


if __name__ == "__main__":
    main()
