"""Time that Airflow takes to read the DAG files of many sections; it does so repeatedly, file by file."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import click
import yaml
from rich.console import Console
from rich.table import Table

from pressmark.local.newsroom.site_file import write_site_file

ROOT = Path(__file__).parents[1]
READ = """
import json, runpy, sys, time
from airflow.dag_processing.dagbag import DagBag  # All that it imports is no part of it.
import pressmark.airflow.dag_defaults
took = {}
for path in sys.argv[1:]:
    began = time.perf_counter()
    runpy.run_path(path)
    took[path.rpartition("/")[2]] = time.perf_counter() - began
print(json.dumps(took))
"""


def seconds(sections: int) -> dict[str, float]:
    """Return how long each DAG file takes with a site of this many sections."""
    named = {f"world/s{number}": {"name": f"Section {number}", "path": f"/s{number}"} for number in range(sections)}
    with tempfile.TemporaryDirectory() as folder:
        write_site_file(Path(folder), "http://127.0.0.1:8765", site="many", sections=named)
        done = subprocess.run(
            [sys.executable, "-c", READ, *sorted(map(str, (ROOT / "dags").glob("*.py")))],
            cwd=ROOT,
            env={**os.environ, "PRESSMARK_SITES": folder},
            check=True,
            capture_output=True,
            text=True,
        )
    found: dict[str, float] = yaml.safe_load(done.stdout.splitlines()[-1])
    return found


@click.command()
@click.option("--rounds", default=3, show_default=True)
def main(rounds: int) -> None:
    """Read the DAG files with 1, 100 and 300 sections, and take the fastest of some rounds."""
    table = Table("file", "1 section", "100 sections", "300 sections")
    measured = {number: [seconds(number) for _ in range(rounds)] for number in (1, 100, 300)}
    for name in measured[1][0]:
        table.add_row(name, *(f"{min(each[name] for each in of):.2f} s" for of in measured.values()))
    table.add_row("all", *(f"{min(sum(each.values()) for each in of):.2f} s" for of in measured.values()))
    Console().print(table)


if __name__ == "__main__":
    main()
