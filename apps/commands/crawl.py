"""`pressmark crawl`: one run of one section, here and now."""

import logging
import os
import sys

import click
from rich.console import Console
from rich.logging import RichHandler
from rich.table import Table

from apps.commands.console import console, print_json, progress, table
from apps.crawl import Result
from apps.logs import log_to
from pressmark.config import Config
from pressmark.errors import Stopped
from pressmark.outcomes import Outcome
from pressmark.run import Run, changed
from pressmark.site import find_section, load_sites


@click.command(
    epilog="""\b
Examples:
  pressmark crawl newsroom/world/europe
  pressmark crawl chinadaily/world/europe --pages 2
  pressmark crawl newsroom/world/europe --recheck --json | jq .counts
"""
)
@click.argument("section", metavar="SITE/SECTION")
@click.option("--pages", type=click.IntRange(min=1), help="Listing pages at most; default: as the site file says.")
@click.option("--recheck", is_flag=True, help="Go on to the last page allowed, though a page brings nothing new.")
@click.option("--json", "as_json", is_flag=True, help="Print the run's manifest as JSON.")
def crawl(section: str, pages: int | None, recheck: bool, as_json: bool) -> None:
    """Crawl SITE/SECTION once: capture, read, publish."""
    from apps.crawl import crawl as crawl_once

    stderr = Console(stderr=True)
    log_to(_handler(stderr))
    config = Config.from_env(os.environ)
    site, name = find_section(load_sites(config.sites), section)
    with progress(stderr) as bar:
        task = bar.add_task("", total=None)

        def show(run: Run) -> None:
            counts = run.outcomes.counts()
            done = sum(counts[outcome] for outcome in Outcome)
            bar.update(task, total=counts["seen"], completed=done, description=f"page {run.listing_pages}")

        result = crawl_once(config, site, name, pages=pages, recheck=recheck, on_change=show)
    if as_json:
        print_json({"manifest_key": result.manifest_key, **result.manifest})
    else:
        console().print(_summary(result))
        click.echo(_told(result))
    if result.failure:
        raise result.failure
    if result.manifest["ended"] == "interrupted":
        sys.exit(Stopped.exit_code)


def _handler(stderr: Console) -> logging.Handler:
    if stderr.is_terminal:
        return RichHandler(console=stderr, show_path=False, show_level=False, log_time_format="%X")
    return logging.StreamHandler()


def _summary(result: Result) -> Table:
    counts = result.manifest["counts"]
    rows = table("run", *(name.replace("_", " ") for name in counts))
    rows.add_row(result.manifest["run_id"], *(str(count) for count in counts.values()))
    return rows


def _told(result: Result) -> str:
    ended = result.manifest["ended"]
    if ended == "complete" and not changed(result.manifest):
        ended = "complete: nothing changed"
    return f"{ended}. Manifest: {result.manifest_key}"
