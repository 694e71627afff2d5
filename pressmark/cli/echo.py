"""What programs print as plain text."""

from collections.abc import Iterable

import click

from pressmark.text import shown_lines


def echo(text: str = "", *, err: bool = False, nl: bool = True) -> None:
    """Print a text; what it holds of control characters, newlines apart, is shown as escapes."""
    click.echo(shown_lines(text), err=err, nl=nl)


def warn(problems: Iterable[object]) -> None:
    """Say on stderr, one by one, what is wrong beside what was asked for."""
    for each in problems:
        echo(f"warning: {each}", err=True)
