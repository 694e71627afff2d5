"""`pressmark export`: the versions of each day as Parquet and JSON Lines."""

from datetime import datetime
from typing import TYPE_CHECKING

import attrs
import click

from pressmark.cli.echo import echo
from pressmark.cli.parameters import Day
from pressmark.errors import FindingsFound, UsageError
from pressmark.text import counted

if TYPE_CHECKING:
    from pressmark.jobs.export import Exported


@click.command(
    epilog="""\b
Examples:
  pressmark export newsroom                       days with new versions
  pressmark export newsroom --day 2026-11-24      this day
  pressmark export newsroom --all                 every day, e.g. after `pressmark rederive --write`
"""
)
@click.argument("site")
@click.option("--day", type=Day(), metavar="YYYY-MM-DD", help="Only the articles with this day in their URL.")
@click.option("--all", "every", is_flag=True, help="All days of the archive.")
@click.option("--json", "as_json", is_flag=True, help="Print the days as JSON.")
def export(site: str, day: datetime | None, every: bool, as_json: bool) -> None:
    """Write the versions of each day of SITE to exports/ as Parquet and as gzipped JSON Lines.

    Without an option, only days with new versions since the last time. It is safe to repeat.
    """
    from pressmark.archive.s3.store import Store
    from pressmark.cli.output import console, counting, print_json, table
    from pressmark.config import Config
    from pressmark.jobs.export import Exporter
    from pressmark.sites.site_files import find_site, load_sites

    if day and every:
        raise UsageError("--day and --all: one of them")
    config = Config.read()
    exporter = Exporter(Store.open(config), find_site(load_sites(config.sites), site).site)
    days = [exporter.export(day.date())] if day else exporter.every() if every else exporter.changed()
    done: list[Exported] = []
    with counting(None, "day") as count:
        for exported in days:
            done.append(exported)
            count()
    if as_json:
        print_json([attrs.asdict(each) | {"day": each.day.isoformat()} for each in done])
    elif done:
        rows = table("day", "versions", "")
        for each in done:
            what = each.problem or ("written" if each.changed else "as it was")
            rows.add_row(each.day.isoformat(), str(each.versions), what)
        console().print(rows)
    if bad := sum(bool(each.problem) for each in done):
        raise FindingsFound(
            f"{bad} of {counted(len(done), 'day')} lack versions that can't be exported; the next run tries again"
        )
    written = sum(each.changed for each in done)
    echo(f"{counted(len(done), 'day')} checked, {written} written" if done else "no versions have arrived", err=as_json)
