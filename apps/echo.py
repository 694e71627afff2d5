"""What programs print as plain text."""

import click

from pressmark.text import shown_lines


def echo(text: str = "", *, err: bool = False, nl: bool = True) -> None:
    """Print a text; what it holds of control characters, newlines apart, is shown as escapes."""
    click.echo(shown_lines(text), err=err, nl=nl)
