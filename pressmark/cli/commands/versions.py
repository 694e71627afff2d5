"""`pressmark versions`: all versions of one article."""

from typing import TYPE_CHECKING

import click

from pressmark.cli.echo import warn
from pressmark.errors import FindingsFound, Rejected, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.table import Table

    from pressmark.reader import Document


@click.command(
    epilog="""\b
Example:
  pressmark versions WS620eee0ba310cdd1c5c1d2a3
"""
)
@click.argument("article", metavar="ID|URL")
@click.option("--json", "as_json", is_flag=True, help="Print the versions' documents as JSON.")
def versions(article: str, as_json: bool) -> None:
    """List the versions of an article and their silent edits, by its id or URL, oldest first.

    Versions with the same time of update are listed in the order of their captures.
    """
    from pressmark.archive.s3.store import Store
    from pressmark.cli.output import console, print_json
    from pressmark.config import Config
    from pressmark.reader import Reader
    from pressmark.sites.site_files import load_sites

    config = Config.read()
    store = Store.open(config)
    found: list[Document] = []
    broken: list[FindingsFound] = []
    sites = load_sites(config.sites)
    warn(sites.wrong)
    for site in sites:
        reader = Reader(store, site)
        found += reader.versions(article, broken.append) + reader.silent_edits(article, broken.append)
    if not found and not broken:
        raise UsageError(f"{article}: no version is published in bucket {config.bucket!r}")
    sound = sorted(_valid(found, broken), key=lambda each: (each.updated_at, _captured_at(each), each.key))
    if as_json:
        print_json([{"key": each.key, **each.data} for each in sound])
    elif sound:
        console().print(_table(sound))
    if broken:
        raise FindingsFound("\n".join(str(each) for each in broken))


def _valid(documents: "list[Document]", broken: list[FindingsFound]) -> "Iterator[Document]":
    """Leave out documents that a run would not publish."""
    from pressmark.archive.bucket.documents import check
    from pressmark.model.document import validate

    for each in documents:
        try:
            validate(each.data)
            check(each.key, each.data)
            yield each
        except FindingsFound as error:
            broken.append(error)
        except Rejected as error:
            broken.append(FindingsFound(f"{each.key} is not what a run published: {error}"))


def _table(documents: "list[Document]") -> "Table":
    from pressmark.cli.output import table
    from pressmark.text import short

    rows = table("updated", "words", "headline", "captured", "key")
    for each in documents:
        captured = _captured_at(each)[:19] + "Z"
        words = str(each.data["wordCount"])
        rows.add_row(each.data["dateModified"], words, short(each.headline), captured, each.key)
    return rows


def _captured_at(document: "Document") -> str:
    captured_at: str = document.data["pressmark"]["captures"][0]["capturedAt"]
    return captured_at
