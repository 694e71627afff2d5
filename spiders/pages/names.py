"""Names of people and organisations, as bylines and contributor lines print them."""

import re

from pressmark.article import Credit

# Some places have a comma or an "and" of their own.
_PARTING = re.compile(r"\s*(?:,(?!\s*D\.?C\b)|[/&;]|(?<!\bBosnia )(?<!\bTrinidad )(?<!\bAntigua )\b(?:and|AND)\b)\s*")
_PLACED = re.compile(r"(?P<name>.+?)\s+(?:in|IN)\s+(?P<place>.+)")


def credits_in(text: str, organizations: frozenset[str]) -> tuple[Credit, ...]:
    """Split `A and B in Brussels`, `A/B`, `A in Paris and B in Rome` into credits, in their order.

    A place holds for the names before it that have none of their own.
    """
    read: list[Credit] = []
    waiting: list[str] = []
    for part in filter(None, _PARTING.split(text)):
        placed = _PLACED.fullmatch(part)
        waiting.append(placed["name"] if placed else part)
        if placed:
            read += _credits(waiting, placed["place"], organizations)
            waiting = []
    return (*read, *_credits(waiting, None, organizations))


def _credits(names: list[str], place: str | None, organizations: frozenset[str]) -> list[Credit]:
    return [Credit(name=name, location=place, organization=name in organizations) for name in names]
