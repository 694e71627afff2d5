"""`pressmark recover`: what killed runs left on this machine gets to the bucket."""

import os
from pathlib import Path
from typing import Any

import click

from apps.commands.console import console, print_json, table
from apps.host_lock import host_lock
from apps.recovery import recover
from pressmark.archive.batch import leftovers, torn
from pressmark.archive.publisher import publish_leftovers
from pressmark.archive.store import Store
from pressmark.config import Config
from pressmark.site import Site, find_site, load_sites

WAIT = 5.0
"""Seconds; whoever holds the lock for longer is a crawl that goes on, and has recovered all there was."""


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
    rows = [row for each in wanted if _waits(config, each) for row in _recover(config, store, each)]
    if as_json:
        print_json(rows)
    elif rows:
        shown = table("site", "segment", "records", "bytes cut", "versions published")
        for row in rows:
            shown.add_row(*(str(value) for value in row.values()))
        console().print(shown)
    else:
        click.echo(f"nothing waits in {config.spool}")


def _waits(config: Config, site: Site) -> bool:
    folder = config.spool / site.site
    return bool(torn(folder, site.site) or leftovers(folder, site.site))


def _recover(config: Config, store: Store, site: Site) -> list[dict[str, Any]]:
    with host_lock(config, site, seconds=WAIT):
        cut = {each.name: each.cut for each in recover(config, site)}
        published = publish_leftovers(store, config.spool / site.site, site.site)
    rows = {name: _row(site, name, 0, bytes_cut, 0) for name, bytes_cut in cut.items()}
    for each in published:
        name = Path(each.segment.key).name
        rows[name] = _row(site, name, each.records, cut.get(name, 0), each.versions)
    return list(rows.values())


def _row(site: Site, segment: str, records: int, bytes_cut: int, versions: int) -> dict[str, Any]:
    return {"site": site.site, "segment": segment, "records": records, "bytes_cut": bytes_cut, "published": versions}
