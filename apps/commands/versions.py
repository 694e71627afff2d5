"""`pressmark versions`: all versions of one article."""

import os
import re
from typing import Any

import click
from rich.table import Table

from apps.commands.console import console, print_json, table
from pressmark import object_id
from pressmark.archive import keys
from pressmark.archive.documents import read
from pressmark.archive.store import Store
from pressmark.config import Config
from pressmark.document import Document, validate
from pressmark.errors import FindingsFound, Rejected, UsageError
from pressmark.site import Site, load_sites


@click.command(
    epilog="""\b
Example:
  pressmark versions WS620eee0ba310cdd1c5c1d2a3
"""
)
@click.argument("article", metavar="ID|URL")
@click.option("--json", "as_json", is_flag=True, help="Print the versions' documents as JSON.")
def versions(article: str, as_json: bool) -> None:
    """List the versions of an article, by its id or URL, oldest first."""
    config = Config.from_env(os.environ)
    found = re.search(r"WS[0-9a-f]{24}", article)
    if not found:
        raise UsageError(f"{article!r} holds no article id: WS and 24 hex digits")
    store = Store.open(config)
    documents, broken = [], []
    for site in load_sites(config.sites).values():
        for key in store.keys(f"{keys.articles(site.site, _day(site, article, found[0]))}{found[0]}/"):
            try:
                documents.append({"key": key, **_version(store, key)})
            except FindingsFound as error:
                broken.append(str(error))
    if not documents and not broken:
        raise UsageError(f"{found[0]}: no version is published in bucket {config.bucket!r}")
    if as_json:
        print_json(documents)
    elif documents:
        console().print(_table(documents))
    if broken:
        raise FindingsFound("\n".join(broken))


def _version(store: Store, key: str) -> Document:
    version = read(store, key)
    try:
        validate(version)
    except Rejected as error:
        raise FindingsFound(f"{key} is not what a run published: {error}") from None
    return version


def _day(site: Site, article: str, article_id: str) -> str:
    """Return the day in an article's URL; of an id alone, the day of its creation, which mostly is the same."""
    if match := site.article_match(article):
        return keys.day_of_url(match["day"])
    return object_id.created_at(article_id).astimezone(site.zone).strftime("%Y/%m/%d")


def _table(documents: list[dict[str, Any]]) -> Table:
    rows = table("updated", "words", "headline", "captured", "key")
    for each in documents:
        captured = each["pressmark"]["captures"][0]["capturedAt"]
        words = str(each["wordCount"])
        rows.add_row(each["dateModified"], words, each["headline"], captured[:19] + "Z", each["key"])
    return rows
