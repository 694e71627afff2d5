"""`pressmark rederive`: what today's page classes read from old captures."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import attrs
import click

from pressmark.cli.echo import echo
from pressmark.cli.parameters import Day, NonEmptyText
from pressmark.errors import FindingsFound, UsageError
from pressmark.text import counted

if TYPE_CHECKING:
    from pressmark.archive.s3.store import Store
    from pressmark.crawl.derive import Rederived
    from pressmark.jobs.rederive import Unreadable


@click.command(
    "rederive",
    epilog="""\b
Examples:
  pressmark rederive newsroom/world/europe                      what would change, in all runs
  pressmark rederive newsroom/world/europe --day 2026-11-24
  pressmark rederive newsroom/world/europe --write
""",
)
@click.argument("section", metavar="SITE/SECTION")
@click.option("--day", type=Day(), metavar="YYYY-MM-DD", help="Only the runs that began on this day, UTC.")
@click.option("--run", "run_id", type=NonEmptyText(), metavar="ID", help="Only this run.")
@click.option("--write", is_flag=True, help="Publish corrected versions under corrections/; the old ones stay.")
@click.option("--json", "as_json", is_flag=True, help="Print what would change as JSON.")
def rederive_command(section: str, day: datetime | None, run_id: str | None, write: bool, as_json: bool) -> None:
    """Read the JSON of SITE/SECTION again from its WARC records, and show what would change.

    Each page is read by the layout for the day of its capture. No request is sent to the site.
    """
    from pressmark.archive.bucket import manifest
    from pressmark.archive.s3.store import Store
    from pressmark.cli.output import console, counting, print_json, table
    from pressmark.config import Config
    from pressmark.jobs.rederive import Unreadable, documents_of, rederive_all
    from pressmark.sites.site_files import find_section, load_sites

    config = Config.read()
    site, name = find_section(load_sites(config.sites), section)
    store = Store.open(config)
    runs = manifest.below(store, f"{site.site}/{name}/", day, run_id)
    broken: list[FindingsFound] = []
    keys = documents_of(store, runs, broken.append)
    if not keys and not broken:
        raise UsageError(f"{section}: nothing was published{' by such runs' if day or run_id else ' yet'}")
    changes: list[Rederived] = []
    unreadable: list[Unreadable] = []
    gone = 0
    with counting(len(keys), "document") as count:
        for found in rederive_all(store, site, keys):
            count()
            if isinstance(found, Unreadable):
                gone += found.expired
                unreadable += [] if found.expired else [found]
            elif not found.same:
                changes.append(found)
    written, refused = _corrected(store, changes) if write else (0, [])
    if as_json:
        print_json([_to_dict(each) for each in changes])
    elif changes:
        shown = table("object", "was", "now", "fields that differ")
        for each in changes:
            shown.add_row(each.key, each.was, each.now, ", ".join(each.changed) or "their spelling")
        console().print(shown)
    echo("; ".join(_summary(len(keys) - len(unreadable) - gone, changes, written if write else None)), err=as_json)
    if problems := list(_problems(broken, unreadable, refused)):
        raise FindingsFound("\n".join(problems))


def _corrected(store: "Store", changes: "list[Rederived]") -> tuple[int, list[UsageError]]:
    """Publish corrected versions; return how many, and why others were refused."""
    from pressmark.jobs.rederive import correct

    written, refused = 0, []
    for each in changes:
        try:
            written += each.correction_key is not None and correct(store, each)
        except UsageError as error:
            refused.append(error)
    return written, refused


def _problems(broken: list[FindingsFound], unreadable: "list[Unreadable]", refused: list[UsageError]) -> Iterator[str]:
    if broken:
        yield f"{counted(len(broken), 'manifest')} can't be read; its documents are left out:"
        yield from (f"  {error}" for error in broken)
    if unreadable:
        yield f"{counted(len(unreadable), 'document')} can't be read again:"
        yield from (f"  {each.key}: {each.problem}" for each in unreadable)
    if refused:
        yield f"{counted(len(refused), 'document')} not corrected:"
        yield from (f"  {error}" for error in refused)


def _to_dict(change: "Rederived") -> dict[str, object]:
    return attrs.asdict(change, filter=lambda field, _: field.name != "document")


def _summary(documents: int, changes: "list[Rederived]", written: int | None) -> Iterator[str]:
    yield f"{counted(documents, 'document')} read again, {documents - len(changes)} byte for byte the same"
    if changes:
        yield f"{len(changes)} {'differs' if len(changes) == 1 else 'differ'}"
    if written is not None:
        yield f"{counted(written, 'corrected version')} published"
