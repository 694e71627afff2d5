"""`pressmark index`: one CDXJ per month from all segments, for pywb and for finding captures."""

import attrs
import click

from pressmark.cli.echo import echo
from pressmark.errors import FindingsFound
from pressmark.text import counted


@click.command(
    epilog="""\b
Examples:
  pressmark index newsroom                 what was captured since the last time
  pressmark index newsroom --all           every month again
"""
)
@click.argument("site")
@click.option("--all", "rebuild", is_flag=True, help="Rebuild every month from the indexes of all its segments.")
@click.option("--json", "as_json", is_flag=True, help="Print the months as JSON.")
def index(site: str, rebuild: bool, as_json: bool) -> None:
    """Merge the indexes of SITE's segments to index/SITE/YYYY-MM.cdxj, one per month of captures, UTC.

    Only indexes that are not merged yet are read. It is safe to repeat, and to run twice at once.
    """
    from pressmark.archive.s3.store import Store
    from pressmark.cli.output import console, counting, print_json, table
    from pressmark.config import Config
    from pressmark.jobs.monthly_index import Merger
    from pressmark.sites.site_files import find_site, load_sites

    config = Config.read()
    name = find_site(load_sites(config.sites), site).site
    with counting(None, "index") as count:
        done = list(Merger(Store.open(config), name, count).months(rebuild=rebuild))
    problems = [problem for each in done for problem in each.problems]
    if as_json:
        print_json([attrs.asdict(each) for each in done])
    elif done:
        rows = table("month", "segments", "added", "lines", "")
        for each in done:
            what = "written" if each.changed else "as it was"
            rows.add_row(each.month, str(each.segments), str(each.added), str(each.lines), what)
        console().print(rows)
    if problems:
        listed = "\n".join(f"  {problem}" for problem in problems)
        raise FindingsFound(
            f"{counted(len(problems), 'index', 'indexes')} of segments left out until repaired:\n{listed}"
        )
    written = sum(each.changed for each in done)
    echo(
        f"{counted(len(done), 'month')} checked, {written} written" if done else "nothing was captured yet",
        err=as_json,
    )
