"""What the commands print on: plain tables, as wide as the terminal, or as wide as they need when piped."""

from rich.console import Console
from rich.table import Table

PIPED_WIDTH = 240


def console() -> Console:
    """Return the console for a command's result."""
    made = Console()
    return made if made.is_terminal else Console(width=PIPED_WIDTH)


def table(*columns: str) -> Table:
    """Return an empty table in the house's style."""
    return Table(*columns, box=None, header_style="bold", pad_edge=False)
