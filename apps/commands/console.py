"""What the commands print on: plain tables, as wide as the terminal, or as wide as they need when piped."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

PIPED_WIDTH = 240


def console() -> Console:
    """Return the console for a command's result."""
    made = Console()
    return made if made.is_terminal else Console(width=PIPED_WIDTH)


def table(*columns: str) -> Table:
    """Return an empty table in the house's style."""
    return Table(*columns, box=None, header_style="bold", pad_edge=False)


@contextmanager
def counting(stderr: Console, total: int, what: str) -> Iterator[Callable[[], None]]:
    """Show a bar that grows by one with each call of what is returned; nothing unless on a terminal."""
    columns = SpinnerColumn(), TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=stderr, transient=True, disable=not stderr.is_terminal) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)
