"""Output of the commands: plain tables, as wide as the terminal, or as wide as they need when piped."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from pressmark.text import shown, shown_json

PIPED_WIDTH = 240


class SafeTable(Table):
    """A table that shows texts as they are: without markup, and without control of the terminal."""

    def add_row(self, *cells: RenderableType | None, **how: Any) -> None:
        """Add a row; control characters in its texts are shown as escapes."""
        super().add_row(*(Text(shown(each)) if isinstance(each, str) else each for each in cells), **how)


def console() -> Console:
    """Return the console for a command's result."""
    made = Console()
    return made if made.is_terminal else Console(width=PIPED_WIDTH)


def table(*columns: str) -> Table:
    """Return an empty table in the style of all commands."""
    return SafeTable(*columns, box=None, header_style="bold", pad_edge=False)


def print_json(value: Any) -> None:
    """Print a result as JSON for programs; control characters are escaped."""
    click.echo(shown_json(value, indent=1))


def progress(stderr: Console) -> Progress:
    """Return a progress bar; it shows on a terminal only, and disappears at the end."""
    columns = SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    return Progress(*columns, console=stderr, transient=True, disable=not stderr.is_terminal)


@contextmanager
def counting(total: int | None, what: str) -> Iterator[Callable[[], None]]:
    """Show a progress bar; each call of the returned function advances it by one."""
    with progress(Console(stderr=True)) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)
