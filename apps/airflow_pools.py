"""Airflow's pools, one slot per site: however many DAGs want it, one crawl at a time asks a site."""

import json
import os
from collections.abc import Iterable
from typing import Any

import click

from pressmark.config import Config
from pressmark.site import Site, load_sites


def pool_of(site: str) -> str:
    """Return the name of a site's pool."""
    return f"host_{site}"


def pools(sites: Iterable[Site]) -> dict[str, dict[str, Any]]:
    """Return the pools of these sites, as `airflow pools import` takes them."""
    return {
        pool_of(site.site): {
            "slots": 1,
            "description": f"One crawl of {site.title} at a time",
            "include_deferred": False,
        }
        for site in sites
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
    click.echo(json.dumps(pools(sites.values()), indent=2))
