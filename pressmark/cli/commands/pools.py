"""`pressmark pools`: the pools that the DAGs need."""

import json

import click

from pressmark.cli.echo import warn


@click.command(
    "pools",
    epilog="""\b
Example:
  pressmark pools > pools.json && airflow pools import pools.json
""",
)
def pools() -> None:
    """Print the Airflow pools that the DAGs need, for `airflow pools import`."""
    from pressmark.airflow.pools import pools as of_sites
    from pressmark.config import Config
    from pressmark.sites.site_files import load_sites

    sites = load_sites(Config.read().sites)
    warn(sites.wrong)
    click.echo(json.dumps(of_sites(sites.values()), indent=2))
