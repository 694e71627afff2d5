"""The command line options for a crawl's scope, of the command and of the process; `options` reads them."""

from collections.abc import Callable
from typing import Any

import click

_OPTIONS = (
    click.option(
        "--pages", type=click.IntRange(min=1), help="Most listing pages to read; default: as in the site file."
    ),
    click.option(
        "--recheck",
        is_flag=True,
        help="Read on to the last page allowed, even if a page has nothing new, and fetch known articles too.",
    ),
    click.option("--backfill", metavar="FIRST-LAST", help="Only these listing pages, and only unknown articles."),
    click.option("--find-pages", is_flag=True, help="Find the listing pages with the articles of some days."),
    click.option("--since", metavar="DATE", help="For --backfill and --find-pages: from this day on (YYYY-MM-DD)."),
    click.option("--until", metavar="DATE", help="... up to this day; the day is that in the article's URL."),
    click.option("--article", metavar="URL", help="Only this article, even if it is unchanged."),
    click.option(
        "--rate", type=click.IntRange(min=1), help="Most requests per minute to one host, if the site allows more."
    ),
)


def scope_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that `scope_from` reads to a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
