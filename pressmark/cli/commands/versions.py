"""`pressmark versions`: all versions of one article."""

import os
from collections.abc import Iterator

import click
from rich.table import Table

from pressmark.archive.documents import check
from pressmark.archive.store import Store
from pressmark.cli.echo import warn
from pressmark.cli.output import console, print_json, table
from pressmark.config import Config
from pressmark.document import validate
from pressmark.errors import FindingsFound, Rejected, UsageError
from pressmark.reader import Document, Reader
from pressmark.site_files import load_sites
from pressmark.text import short


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

    What has the same time of update comes in the order of its captures.
    """
    config = Config.from_env(os.environ)
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
    sound = sorted(_sound(found, broken), key=lambda each: (each.updated_at, _captured_at(each), each.key))
    if as_json:
        print_json([{"key": each.key, **each.data} for each in sound])
    elif sound:
        console().print(_table(sound))
    if broken:
        raise FindingsFound("\n".join(str(each) for each in broken))


def _sound(documents: list[Document], broken: list[FindingsFound]) -> Iterator[Document]:
    """Leave out what is not what a run publishes."""
    for each in documents:
        try:
            validate(each.data)
            check(each.key, each.data)
            yield each
        except FindingsFound as error:
            broken.append(error)
        except Rejected as error:
            broken.append(FindingsFound(f"{each.key} is not what a run published: {error}"))


def _table(documents: list[Document]) -> Table:
    rows = table("updated", "words", "headline", "captured", "key")
    for each in documents:
        captured = _captured_at(each)[:19] + "Z"
        words = str(each.data["wordCount"])
        rows.add_row(each.data["dateModified"], words, short(each.headline), captured, each.key)
    return rows


def _captured_at(document: Document) -> str:
    captured_at: str = document.data["pressmark"]["captures"][0]["capturedAt"]
    return captured_at
