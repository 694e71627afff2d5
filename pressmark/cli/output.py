"""What the commands print on: plain tables, as wide as the terminal, or as wide as they need when piped."""

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
