"""`pressmark versions`: all versions of one article."""

import os

import click
from rich.table import Table

from apps.commands.console import console, print_json, table
from pressmark.archive.store import Store
from pressmark.config import Config
from pressmark.document import validate
from pressmark.errors import FindingsFound, Rejected, UsageError
from pressmark.reader import Document, Reader
from pressmark.site import load_sites


@click.command(
    epilog="""\b
Example:
  pressmark versions WS620eee0ba310cdd1c5c1d2a3
"""
)
@click.argument("article", metavar="ID|URL")
@click.option("--json", "as_json", is_flag=True, help="Print the versions' documents as JSON.")
def versions(article: str, as_json: bool) -> None:
    """List the versions of an article and their silent edits, by its id or URL, oldest first."""
    config = Config.from_env(os.environ)
    store = Store.open(config)
    readers = [Reader(store, site) for site in load_sites(config.sites)]
    found = [each for reader in readers for each in [*reader.versions(article), *reader.silent_edits(article)]]
    if not found:
        raise UsageError(f"{article}: no version is published in bucket {config.bucket!r}")
    for each in found:
        _check(each)
    found.sort(key=lambda each: (each.updated_at, each.key))
    if as_json:
        print_json([{"key": each.key, **each.data} for each in found])
        return
    console().print(_table(found))


def _check(document: Document) -> None:
    try:
        validate(document.data)
    except Rejected as error:
        raise FindingsFound(f"{document.key} is not what a run published: {error}") from None


def _table(documents: list[Document]) -> Table:
    rows = table("updated", "words", "headline", "captured", "key")
    for each in documents:
        captured = each.data["pressmark"]["captures"][0]["capturedAt"]
        words = str(each.data["wordCount"])
        rows.add_row(each.data["dateModified"], words, each.headline, captured[:19] + "Z", each.key)
    return rows
