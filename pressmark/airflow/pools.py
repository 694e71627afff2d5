"""Airflow's pools: one crawl at a time asks a site, and reading archives back leaves room for crawls."""

import json
import os
from collections.abc import Collection, Iterable
from typing import Any

import click

from pressmark.cli.echo import warn
from pressmark.config import Config
from pressmark.site import Site
from pressmark.site_files import load_sites

PORTIONS = "portions"
"""Of portions of archives that are read at a time, of all sites: as many as cores can be spared."""
PORTION_SLOTS = 2
_HOST = "host_"


def pool_of(site: str) -> str:
    """Return the name of a site's pool."""
    return f"{_HOST}{site}"


def pools(sites: Iterable[Site]) -> dict[str, dict[str, Any]]:
    """Return the pools of these sites, as `airflow pools import` takes them."""
    return ours([*(pool_of(site.site) for site in sites), PORTIONS])


def ours(names: Collection[str]) -> dict[str, dict[str, Any]]:
    """Return those of these pools that are Pressmark's, as `airflow pools import` takes them."""
    found = {name: (1, f"One crawl of {name[len(_HOST) :]} at a time") for name in names if name.startswith(_HOST)}
    if PORTIONS in names:
        found[PORTIONS] = (PORTION_SLOTS, "Portions of archives that are audited or read anew at a time")
    return {
        name: {"slots": number, "description": description, "include_deferred": False}
        for name, (number, description) in found.items()
    }


@click.command(
    "pools",
    epilog="""\b
Example:
  pressmark pools > pools.json && airflow pools import pools.json
""",
)
def pools_command() -> None:
    """Print the Airflow pools that the DAGs need, for `airflow pools import`."""
    sites = load_sites(Config.from_env(os.environ).sites)
    warn(sites.wrong)
    click.echo(json.dumps(pools(sites.values()), indent=2))
