"""What the commands print on: plain tables, as wide as the terminal, or as wide as they need when piped."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import click
from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from pressmark.text import shown, shown_json

PIPED_WIDTH = 240


class SafeTable(Table):
    """A table whose texts are shown as they are: none of them is markup, and none commands the terminal."""

    def add_row(self, *cells: RenderableType | None, **how: Any) -> None:
        """Add a row; what its texts hold of control characters is shown as escapes."""
        super().add_row(*(Text(shown(each)) if isinstance(each, str) else each for each in cells), **how)


def console() -> Console:
    """Return the console for a command's result."""
    made = Console()
    return made if made.is_terminal else Console(width=PIPED_WIDTH)


def table(*columns: str) -> Table:
    """Return an empty table in the house's style."""
    return SafeTable(*columns, box=None, header_style="bold", pad_edge=False)


def print_json(value: Any) -> None:
    """Print a result for machines, who read the very value; control characters in it are escaped."""
    click.echo(shown_json(value, indent=1))


def progress(stderr: Console) -> Progress:
    """Return a bar for what goes on; it shows on a terminal only, and is gone in the end."""
    columns = SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    return Progress(*columns, console=stderr, transient=True, disable=not stderr.is_terminal)


@contextmanager
def counting(total: int | None, what: str) -> Iterator[Callable[[], None]]:
    """Show a bar that grows by one with each call of what is returned."""
    with progress(Console(stderr=True)) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)


class Name(click.types.StringParamType):
    """A text that is not empty: an empty one, as of a variable that is not set, would mean all."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return it as it is."""
        return str(value) if value else self.fail("it is empty", param, ctx)


class Day(click.DateTime):
    """A day, UTC, as `2026-11-24`."""

    def __init__(self) -> None:
        super().__init__(["%Y-%m-%d"])

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the aware time at which it begins."""
        day: datetime = super().convert(value, param, ctx)
        return day.replace(tzinfo=UTC)
