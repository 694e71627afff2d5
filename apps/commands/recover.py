"""`pressmark recover`: what killed runs left on this machine gets to the bucket."""

import os

import attrs
import click

from apps.commands.console import console, print_json, table
from apps.recovery import recover_and_publish
from pressmark.archive.store import Store
from pressmark.config import Config
from pressmark.site import find_site, load_sites


@click.command(
    "recover",
    epilog="""\b
Examples:
  pressmark recover              all sites
  pressmark recover newsroom
""",
)
@click.argument("site", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def recover_command(site: str | None, as_json: bool) -> None:
    """Mend and publish what killed runs of SITE, or of all sites, left in the local spool.

    Every crawl does it at its start; this is for when there will be none. The next run's manifest tells of it.
    """
    config = Config.from_env(os.environ)
    sites = load_sites(config.sites)
    wanted = [find_site(sites, site)] if site else list(sites.values())
    store = Store.open(config)
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
    else:
        click.echo(f"nothing waits in {config.spool}")
