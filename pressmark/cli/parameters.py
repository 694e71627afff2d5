"""Types of option values."""

from datetime import UTC, datetime
from typing import Any

import click


class NonEmptyText(click.types.StringParamType):
    """A text that is not empty: an empty one, e.g. of an unset shell variable, would select everything."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return it as it is."""
        return str(value) if value else self.fail("it is empty", param, ctx)


class Day(click.DateTime):
    """A day, UTC, as `2026-11-24`."""

    def __init__(self) -> None:
        super().__init__(["%Y-%m-%d"])

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return its start as an aware time."""
        day: datetime = super().convert(value, param, ctx)
        return day.replace(tzinfo=UTC)
