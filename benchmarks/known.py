"""Cost of finding new articles: requests and time for one listing page, with a small and a large archive."""

import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from benchmarks.seeded import SITE, article, seed
from pressmark.archive.bucket.known_versions import Ledger
from pressmark.archive.s3.store import Store
from pressmark.config import Config
from pressmark.local.s3server import RunningS3
from pressmark.model import keys

ENTRIES = 50
PER_DAY = 40
"""Articles per day, so that a listing page shows two days."""
GOAL = 1.0


@click.command()
@click.option("--sizes", default="1000,100000", show_default=True, help="Stored versions.")
@click.option("--rounds", default=100, show_default=True)
def main(sizes: str, rounds: int) -> None:
    """Print S3 requests and seconds for a listing of 50 entries at each size of the archive."""
    console = Console()
    table = Table("stored versions", "requests", "median s", "p95 s", box=None)
    with tempfile.TemporaryDirectory(prefix="pressmark-bench-") as folder, RunningS3(Path(folder)) as s3:
        os.environ |= s3.environment
        store = Store.open(Config.read())
        asked: list[str] = []
        store.client.meta.events.register("before-send.s3", lambda request, **rest: asked.append(request.url))
        there = 0
        for size in map(int, sizes.split(",")):
            with console.status(f"publishing {size - there} versions"):
                seed(there, size, PER_DAY)
            there = size
            seconds = []
            for _ in range(rounds):
                asked.clear()
                started = time.perf_counter()
                _decide(store)
                seconds.append(time.perf_counter() - started)
            p95 = statistics.quantiles(seconds, n=20)[-1]
            table.add_row(f"{size:,}", str(len(asked)), f"{statistics.median(seconds):.3f}", f"{p95:.3f}")
    console.print(table)
    console.print(f"goal: as many requests at each size, p95 below {GOAL} s")


def _decide(store: Store) -> None:
    """Decide for each entry of a listing whether it is new, as a run does: half of them are."""
    ledger = Ledger(store, SITE)
    entries: list[Any] = [article(number, PER_DAY) for number in range(ENTRIES)]
    days = [keys.day_of(each.updated_at) for each in entries]
    ledger.learn(days)
    known = [ledger.knows_article(day, each.article_id) for day, each in zip(days, entries, strict=True)]
    assert all(known)
    assert not any(ledger.knows_article(day, f"new{each.article_id}") for day, each in zip(days, entries, strict=True))


if __name__ == "__main__":
    main()
