"""`pressmark crawl`: one run of one section, here and now."""

import logging
import sys
from typing import TYPE_CHECKING, Any

import click

from pressmark.cli.echo import echo
from pressmark.crawl.scope_options import scope_options
from pressmark.errors import Stopped

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from pressmark.crawl.crawler import CrawlResult
    from pressmark.crawl.state.listing_progress import ListingProgress
    from pressmark.model.outcomes import Outcomes


@click.command(
    epilog="""\b
Examples:
  pressmark crawl newsroom/world/europe
  pressmark crawl chinadaily/world/europe --pages 2
  pressmark crawl newsroom/world/europe --recheck --json | jq .counts
  pressmark crawl chinadaily/world/europe --find-pages --since 2022-02-01 --until 2022-02-28
  pressmark crawl chinadaily/world/europe --backfill 31-40 --since 2022-02-01 --until 2022-02-28 --rate 10
  pressmark crawl newsroom/world/europe --article http://127.0.0.1:8765/a/202202/18/WS...html
"""
)
@click.argument("section", metavar="SITE/SECTION")
@scope_options
@click.option("--json", "as_json", is_flag=True, help="Print the run's manifest as JSON.")
def crawl(section: str, as_json: bool, **scope: Any) -> None:
    """Crawl SITE/SECTION once: capture, read, publish.

    Without --backfill, --find-pages or --article it reads what is new on the first listing pages.
    """
    from rich.console import Console

    from pressmark.archive.bucket.manifest_model import INTERRUPTED
    from pressmark.cli.output import console, print_json, progress
    from pressmark.config import Config
    from pressmark.crawl.crawler import crawl as crawl_once
    from pressmark.crawl.options import scope_from
    from pressmark.model.outcomes import Outcome
    from pressmark.sites.site_files import find_section, load_sites
    from pressmark.system.logs import log_to

    stderr = Console(stderr=True)
    log_to(_handler(stderr))
    config = Config.read()
    site, name = find_section(load_sites(config.sites), section)
    wanted = scope_from(site.section(name), **scope)
    with progress(stderr) as bar:
        task = bar.add_task("", total=None)

        def show(outcomes: "Outcomes", listing: "ListingProgress") -> None:
            counts = outcomes.counts()
            done = sum(counts[outcome] for outcome in Outcome)
            bar.update(task, total=counts["seen"], completed=done, description=f"page {listing.pages}")

        result = crawl_once(config, site, name, scope=wanted, on_change=show)
    if as_json:
        print_json({"manifest_key": result.manifest_key, **result.manifest.to_json()})
    else:
        console().print(_summary(result))
        echo(_ending(result))
    if result.failure:
        raise result.failure
    if result.manifest.ended == INTERRUPTED:
        sys.exit(Stopped.exit_code)


def _handler(stderr: "Console") -> logging.Handler:
    from rich.logging import RichHandler

    if stderr.is_terminal:
        return RichHandler(console=stderr, show_path=False, show_level=False, log_time_format="%X")
    return logging.StreamHandler()


def _summary(result: "CrawlResult") -> "Table":
    from pressmark.cli.output import table

    counts = result.manifest.counts
    rows = table("run", *(name.replace("_", " ") for name in counts))
    rows.add_row(result.manifest.run_id, *(str(count) for count in counts.values()))
    return rows


def _pages(found: tuple[int, int] | None) -> str:
    return f"Listing pages {found[0]} to {found[1]}: --backfill {found[0]}-{found[1]}" if found else "No listing page"


def _ending(result: "CrawlResult") -> str:
    from pressmark.archive.bucket.manifest_model import COMPLETE, INTERRUPTED, SEARCH
    from pressmark.crawl.state.run import changed

    manifest = result.manifest
    ended = manifest.ended
    brought = changed(manifest.counts, newly_rejected=manifest.newly_rejected, recovered=manifest.recovered.published)
    if ended == COMPLETE and not brought:
        ended = "complete: nothing changed"
    if ended == INTERRUPTED and manifest.reason:
        ended += f": {manifest.reason}"
    if manifest.parameters.scope == SEARCH:
        ended += f". {_pages(manifest.pages_found)}"
    return f"{ended}. Manifest: {result.manifest_key}"
