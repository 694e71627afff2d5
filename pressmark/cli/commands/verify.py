"""`pressmark verify`: checks that the objects of runs are in the bucket and whole."""

from datetime import datetime
from typing import TYPE_CHECKING

import attrs
import click

from pressmark.cli.echo import echo
from pressmark.cli.parameters import Day, NonEmptyText
from pressmark.errors import FindingsFound, UsageError
from pressmark.text import counted

if TYPE_CHECKING:
    from rich.table import Table

    from pressmark.config import Config
    from pressmark.jobs.audit.verify import Finding


@click.command(
    epilog="""\b
Examples:
  pressmark verify                                       the whole bucket, by sizes
  pressmark verify newsroom/world/europe --day 2026-11-24 --full
  pressmark verify newsroom/world/europe --run 20261124T101500-3fa9c1 --full
"""
)
@click.argument("what", metavar="[SITE[/SECTION]]", default="")
@click.option("--day", type=Day(), metavar="YYYY-MM-DD", help="Only the runs that began on this day, UTC.")
@click.option("--run", "run_id", type=NonEmptyText(), metavar="ID", help="Only this run.")
@click.option(
    "--full", is_flag=True, help="Read every object: SHA-256, gzip, WARC digests, indexes, each JSON's pointers."
)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def verify(what: str, day: datetime | None, run_id: str | None, full: bool, as_json: bool) -> None:
    """Check the objects of runs in the bucket: of all runs, or of a SITE, a SITE/SECTION, a day.

    Without --full, each object has to exist with its size. For the whole bucket or a whole site, objects in no manifest
    are listed too; they belong to a run that is going on or was killed, and do not count as wrong. With --full,
    packages are read as well.
    """
    from pressmark.archive.bucket import manifest
    from pressmark.archive.s3.store import Store
    from pressmark.cli.output import console, counting, print_json
    from pressmark.config import Config
    from pressmark.jobs.audit.verify import verify_runs
    from pressmark.jobs.wacz.signing import trusted_keys
    from pressmark.jobs.wacz.validate import verify_packages

    config = Config.read()
    below = _prefix(config, what)
    store = Store.open(config)
    keys = list(manifest.below(store, below, day, run_id))
    whole = not (day or run_id or "/" in what)
    if not keys and (not whole or full):
        asked = " ".join(filter(None, [what, f"{day:%Y-%m-%d}" if day else "", run_id]))
        raise UsageError(f"{asked or 'all sites'}: no such runs in bucket {config.bucket!r}")
    with counting(len(keys), "run") as count:
        findings = list(
            verify_runs(store, keys, full=full, orphans_of=what if whole else None, on_run=lambda run: count())
        )
    if full and not (run_id or "/" in what):
        trusted = trusted_keys(config.wacz_key, config.wacz_public_keys)
        findings += verify_packages(store, what, lambda found: day is None or found == day.date(), trusted)
    if as_json:
        print_json([attrs.asdict(each) for each in findings])
    elif findings:
        console().print(_table(findings))
    if grave := sum(each.grave for each in findings):
        raise FindingsFound(f"{counted(grave, 'finding')} in {counted(len(keys), 'run')}")
    looked = "whole, and says what it points to" if full else "of its size (--full reads it)"
    echo(f"{counted(len(keys), 'run')}: every object is there, {looked}", err=as_json)


def _prefix(config: "Config", what: str) -> str:
    from pressmark.sites.site_files import find_section, find_site, load_sites

    sites = load_sites(config.sites)
    if "/" in what:
        site, section = find_section(sites, what)
        return f"{site.site}/{section}/"
    return f"{find_site(sites, what).site}/" if what else ""


def _table(findings: "list[Finding]") -> "Table":
    from pressmark.cli.output import table

    rows = table("", "object", "problem")
    for finding in findings:
        rows.add_row("wrong" if finding.grave else "note", finding.key, finding.problem)
    return rows
