"""`pressmark recover`: publishes what killed runs left on this machine."""

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import click

from pressmark.cli.echo import echo
from pressmark.errors import HostBusy, PressmarkError, SpoolError, UsageError
from pressmark.text import counted

if TYPE_CHECKING:
    from pressmark.archive.s3.store import Store
    from pressmark.config import Config
    from pressmark.sites.site import Site


@click.command(
    "recover",
    epilog="""\b
Examples:
  pressmark recover              all sites
  pressmark recover newsroom
  pressmark recover newsroom --again newsroom-20220218005300123-20220218T005300-3fa9c1-00001.warc.gz
  pressmark recover --of /spools/f2a7c0f0aa11     the spool of a worker that is gone
""",
)
@click.argument("site", required=False)
@click.option(
    "--of",
    "other",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Another worker's spool: its files are moved here first, and the next run here lists them.",
)
@click.option(
    "--again",
    multiple=True,
    metavar="NAME",
    help="Read a file of SITE again that was set aside and then repaired; may be repeated.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def recover_command(site: str | None, other: Path | None, again: tuple[str, ...], as_json: bool) -> None:
    """Publish what earlier runs of SITE, or of all sites, left in the local spool, and list what can't be read.

    Every crawl does it at its start; this command is for a machine without further crawls. The next run's manifest
    lists what was published.
    """
    from pressmark.archive.s3.store import Store
    from pressmark.archive.spool.set_aside import all_set_aside
    from pressmark.cli.output import print_json
    from pressmark.config import Config
    from pressmark.crawl.recover import restore_files
    from pressmark.private import keep_private
    from pressmark.sites.site_files import find_site, load_sites

    config = Config.read()
    keep_private(config.sharing)
    sites = load_sites(config.sites)
    wanted = [find_site(sites, site)] if site else list(sites.values())
    if again and not site:
        raise UsageError("--again takes files of one site: name it, as in `pressmark recover SITE --again NAME`.")
    if other and config.spool.exists() and other.samefile(config.spool):
        raise UsageError(f"--of takes the spool of another worker, and {other} is this one's.")
    store = Store.open(config)
    moved, failures = _adopt_all(config, store, wanted, other.resolve()) if other else (0, [])
    if again:
        restore_files(config, wanted[0], again)
    rows, failed = _recover_all(config, store, wanted)
    failures += failed
    if not site:
        failures += sites.wrong
        failures += _unknown_spools(config, sites)
    aside = [
        {"site": each.site, **note.summary}
        for each in wanted
        for note in all_set_aside(config.spool / each.site, each.site)
    ]
    if as_json:
        print_json({"recovered": rows, "set_aside": aside})
    else:
        _show(config, rows, aside, moved)
    for error in failures[:-1]:
        click.echo(str(error), err=True)
    if failures:
        raise failures[-1]


def _recover_all(
    config: "Config", store: "Store", wanted: "list[Site]"
) -> tuple[list[dict[str, object]], list[PressmarkError]]:
    """Recover site by site: a site that is being crawled, or whose spool fails, does not stop the others."""
    from pressmark.crawl.recover import recover_and_publish

    rows: list[dict[str, object]] = []
    failures: list[PressmarkError] = []
    for each in wanted:
        try:
            rows += [{"site": each.site, **attrs.asdict(found)} for found in recover_and_publish(config, store, each)]
        except (HostBusy, SpoolError) as error:
            failures.append(error)
    return rows, failures


def _unknown_spools(config: "Config", sites: Collection[str]) -> list[PressmarkError]:
    """Return an error for each spool of a site without a site file: nothing publishes what waits there."""
    from pressmark.archive.spool.spool_files import spool_files

    try:
        folders = [path for path in config.spool.iterdir() if path.is_dir() and not path.name.startswith(".")]
        waiting = [(path, spool_files(path, path.name).waiting) for path in folders if path.name not in sites]
    except FileNotFoundError:
        return []
    except OSError as error:
        return [SpoolError(f"{config.spool} can't be listed: {error}")]
    return [
        SpoolError(
            f"{path}: {counted(number, 'file')} left, and no site file has a site {path.name!r}: was it renamed?"
        )
        for path, number in waiting
        if number
    ]


def _show(config: "Config", rows: list[dict[str, object]], aside: list[dict[str, Any]], moved: int) -> None:
    from pressmark.cli.output import console, table

    if rows:
        shown = table("site", "segment", "records", "bytes cut", "versions published")
        for row in rows:
            shown.add_row(*(str(value) for value in row.values()))
        console().print(shown)
    elif moved:
        echo(f"{counted(moved, 'file')} moved; the next run lists those it publishes")
    elif not aside:
        echo(f"nothing waits in {config.spool}")
    if aside:
        shown = table("site", "set aside", "since", "reason", "records salvaged")
        for each in aside:
            shown.add_row(each["site"], each["file"], each["since"], each["reason"], str(each["records"]))
        console().print(shown)
        echo(
            "Each is in the spool as NAME.bad. Repair it and read it again (`pressmark recover SITE --again NAME`), or "
            "delete it with its note, NAME.bad.json: all of it that could be read is published."
        )


def _adopt_all(config: "Config", store: "Store", sites: "list[Site]", other: Path) -> tuple[int, list[PressmarkError]]:
    """Take over the files of another spool; a site that is being crawled, or has copies there, stops no other."""
    from pressmark.crawl.recover import adopt

    moved = 0
    failures: list[PressmarkError] = []
    for each in sites:
        try:
            moved += adopt(config, store, each, other)
        except (HostBusy, SpoolError) as error:
            failures.append(error)
    return moved, failures
