"""Cost of exporting versions: a separate process makes the files of one day, or of many."""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from benchmarks.seeded import SITE, seed
from pressmark.archive.s3.store import Store
from pressmark.config import Config
from pressmark.jobs.export import Exporter
from pressmark.local.s3server import RunningS3

GOAL_SECONDS, GOAL_MEMORY = 30, 500e6


@click.command()
@click.option("--versions", default=10_000, show_default=True)
@click.option("--rounds", default=3, show_default=True)
@click.option("--once", is_flag=True, hidden=True)
def main(versions: int, rounds: int, once: bool) -> None:
    """Print seconds and memory for all versions in one day, and spread over a hundred."""
    if once:
        _export()
        return
    console = Console()
    table = Table("days", "seconds", "peak MB", "Parquet MB", box=None)
    for per_day in (versions, versions // 100):
        with tempfile.TemporaryDirectory(prefix="pressmark-bench-") as folder, RunningS3(Path(folder)) as s3:
            os.environ |= s3.environment
            with console.status(f"publishing {versions} versions"):
                seed(0, versions, per_day)
            for _ in range(rounds):
                done = subprocess.run(
                    [sys.executable, "-m", "benchmarks.export", "--once"], capture_output=True, text=True, check=True
                )
                measured = json.loads(done.stdout)
                assert measured["versions"] == versions
                row = (
                    str(measured["days"]),
                    f"{measured['seconds']:.1f}",
                    f"{measured['peak'] / 1e6:.0f}",
                    f"{measured['size'] / 1e6:.1f}",
                )
                table.add_row(*row)
    console.print(table)
    console.print(f"goal: below {GOAL_SECONDS} s and {GOAL_MEMORY / 1e6:.0f} MB")


def _export() -> None:
    started = time.perf_counter()
    store = Store.open(Config.read())
    done = list(Exporter(store, SITE).every())
    print(
        json.dumps(
            {
                "seconds": time.perf_counter() - started,
                "versions": sum(each.versions for each in done),
                "days": len(done),
                "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
                "size": sum(size for key, size in store.sizes(f"exports/{SITE}/parquet/")),
            }
        )
    )


if __name__ == "__main__":
    main()
