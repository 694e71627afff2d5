"""`pressmark recover`: what killed runs left on this machine gets to the bucket."""

import os
from pathlib import Path

import attrs
import click

from apps.commands.console import console, print_json, table
from apps.recovery import adopt, recover_and_publish
from pressmark.archive.store import Store
from pressmark.config import Config
from pressmark.errors import HostBusy
from pressmark.site import Site, find_site, load_sites


@click.command(
    "recover",
    epilog="""\b
Examples:
  pressmark recover              all sites
  pressmark recover newsroom
  pressmark recover --of /spools/f2a7c0f0aa11     what a worker left that is gone
""",
)
@click.argument("site", required=False)
@click.option(
    "--of",
    "other",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Another worker's spool: what it holds is moved here first, and the next run here tells of it.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def recover_command(site: str | None, other: Path | None, as_json: bool) -> None:
    """Mend and publish what killed runs of SITE, or of all sites, left in the local spool.

    Every crawl does it at its start; this is for when there will be none. The next run's manifest tells of it.
    """
    config = Config.from_env(os.environ)
    sites = load_sites(config.sites)
    wanted = [find_site(sites, site)] if site else list(sites.values())
    store = Store.open(config)
    moved = _adopted(config, store, wanted, other.resolve()) if other else 0
    rows = [
        {"site": each.site, **attrs.asdict(found)}
        for each in wanted
        for found in recover_and_publish(config, store, each)
    ]
    if as_json:
        print_json(rows)
    elif rows:
        shown = table("site", "segment", "records", "bytes cut", "versions published")
        for row in rows:
            shown.add_row(*(str(value) for value in row.values()))
        console().print(shown)
    elif moved:
        click.echo(f"{moved} files moved; the next run tells of what they say is published")
    else:
        click.echo(f"nothing waits in {config.spool}")


def _adopted(config: Config, store: Store, sites: list[Site], other: Path) -> int:
    """Take over what another spool holds; a site that is being crawled keeps no other from it."""
    moved, busy = 0, None
    for each in sites:
        try:
            moved += adopt(config, store, each, other)
        except HostBusy as error:
            busy = error
    if busy:
        raise busy
    return moved
