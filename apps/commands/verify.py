"""`pressmark verify`: is what the runs say they left there, and whole?"""

import json
import os
import sys

import attrs
import click
from rich.table import Table

from apps.commands.console import console, table
from pressmark.archive import manifest
from pressmark.archive.store import Store
from pressmark.archive.verify import Finding, verify_run
from pressmark.config import Config
from pressmark.errors import FindingsFound, UsageError
from pressmark.site import find_section, load_sites


@click.command(
    epilog="""\b
Examples:
  pressmark verify newsroom/world/europe           its last run
  pressmark verify newsroom/world/europe --all     all its runs
"""
)
@click.argument("section", metavar="SITE/SECTION")
@click.option("--run", "run_id", help="This run; default: the last one.")
@click.option("--all", "all_runs", is_flag=True, help="All runs.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def verify(section: str, run_id: str | None, all_runs: bool, as_json: bool) -> None:
    """Check the objects of a run of SITE/SECTION: sizes, SHA-256, gzip, WARC digests, and each JSON's pointers."""
    config = Config.from_env(os.environ)
    site, name = find_section(load_sites(config.sites), section)
    store = Store.open(config)
    keys = list(manifest.every(store, site.site, name))
    if run_id:
        keys = [key for key in keys if key.endswith(f"/{run_id}.json")]
    elif not all_runs:
        keys = keys[-1:]
    if not keys:
        raise UsageError(f"{section} has no {f'run {run_id}' if run_id else 'runs yet'}")
    findings = [finding for key in keys for finding in verify_run(store, key)]
    if as_json:
        json.dump([attrs.asdict(each) for each in findings], sys.stdout, indent=1)
        click.echo()
    elif findings:
        console().print(_table(findings))
    if findings:
        raise FindingsFound(f"{len(findings)} findings in {len(keys)} runs of {section}")
    click.echo(f"{len(keys)} runs of {section}: all objects are there, whole, and say what they point to", err=as_json)


def _table(findings: list[Finding]) -> Table:
    rows = table("object", "problem")
    for finding in findings:
        rows.add_row(finding.key, finding.problem)
    return rows
