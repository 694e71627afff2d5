"""What programs print as plain text."""

from collections.abc import Iterable

import click

from pressmark.text import shown_lines


def echo(text: str = "", *, err: bool = False, nl: bool = True) -> None:
    """Print a text; control characters except newlines are shown as escapes."""
    click.echo(shown_lines(text), err=err, nl=nl)


def warn(problems: Iterable[object]) -> None:
    """Print each problem as a warning on stderr."""
    for each in problems:
        echo(f"warning: {each}", err=True)
