"""`pressmark package`: the segments of each day as one WACZ file for replay."""

from datetime import datetime
from typing import TYPE_CHECKING

import attrs
import click

from pressmark.cli.echo import echo
from pressmark.cli.parameters import Day
from pressmark.errors import FindingsFound, UsageError
from pressmark.text import counted

if TYPE_CHECKING:
    from pressmark.jobs.wacz.packager import Packaged


@click.command(
    epilog="""\b
Examples:
  pressmark package newsroom                      days with new segments
  pressmark package newsroom --day 2026-11-24     this day
  pressmark package newsroom --all                every day, e.g. after a segment was taken down
"""
)
@click.argument("site")
@click.option("--day", type=Day(), metavar="YYYY-MM-DD", help="Only the crawls of this day, UTC.")
@click.option("--all", "every", is_flag=True, help="All days of the archive.")
@click.option("--json", "as_json", is_flag=True, help="Print the days as JSON.")
def package(site: str, day: datetime | None, every: bool, as_json: bool) -> None:
    """Put the WARCs of each day of SITE into one WACZ file that replays by itself: wacz/SITE/YYYY-MM-DD.wacz.

    Without an option, only days with new segments since the last time. It is safe to repeat. Packages are signed if
    PRESSMARK_WACZ_KEY names a key.
    """
    from pressmark.cli.output import console, counting, print_json, table
    from pressmark.config import Config
    from pressmark.jobs.wacz.packager import Packager
    from pressmark.sites.site_files import find_site, load_sites

    if day and every:
        raise UsageError("--day and --all: one of them")
    config = Config.read()
    packager = Packager.open(config, find_site(load_sites(config.sites), site).site)
    days = [packager.package(day.date())] if day else packager.every() if every else packager.changed()
    done: list[Packaged] = []
    with counting(None, "day") as count:
        for packaged in days:
            done.append(packaged)
            count()
    if as_json:
        print_json([attrs.asdict(each) | {"day": each.day.isoformat()} for each in done])
    elif done:
        rows = table("day", "segments", "of other days", "pages", "MB", "")
        for each in done:
            figures = (each.segments, each.referred, each.pages, f"{each.size / 1e6:.1f}")
            rows.add_row(each.day.isoformat(), *map(str, figures), each.problem or _state_text(each))
        console().print(rows)
    if bad := sum(bool(each.problem) for each in done):
        raise FindingsFound(
            f"{bad} of {counted(len(done), 'package')} lack something; they are made again the next time"
        )
    written = sum(each.changed for each in done)
    echo(
        f"{counted(len(done), 'day')} checked, {counted(written, 'package')} written"
        if done
        else "no segments have arrived",
        err=as_json,
    )


def _state_text(packaged: "Packaged") -> str:
    if not packaged.segments:
        return "nothing was captured"
    lost = f", without {packaged.lost} of other days that are not in the bucket" if packaged.lost else ""
    return ("written" if packaged.changed else "as it was") + lost
