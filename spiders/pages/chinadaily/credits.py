"""Names of people and organisations in bylines and lines of contributors."""

import re

from pressmark.errors import Rejected
from pressmark.model.article import Credit

# Some places contain a comma or an "and".
_SEPARATOR = re.compile(r",(?!\s*D\.?C\b)|[/&;]|(?<!\bBosnia )(?<!\bTrinidad )(?<!\bAntigua )\b(?:and|AND)\b")
_WITH_PLACE = re.compile(r"(?P<name>.+?)\s+(?:in|IN)\s+(?P<place>.+)")


MOST_NAMES = 5_000


def credits_in(text: str, organizations: frozenset[str], most: int = MOST_NAMES) -> tuple[Credit, ...]:
    """Split `A and B in Brussels`, `A/B`, `A in Paris and B in Rome` into credits, in order.

    A place applies to all names before it that have no place yet.

    Raises:
        Rejected: there are more than `most` names.
    """
    parts = _SEPARATOR.split(text, most)
    if len(parts) > most:
        raise Rejected("too-large", f"a line with more than {most} names (`bounds` of the site file)")
    read: list[Credit] = []
    waiting: list[str] = []
    for part in filter(None, map(str.strip, parts)):
        placed = _WITH_PLACE.fullmatch(part)
        waiting.append(placed["name"] if placed else part)
        if placed:
            read += _credits(waiting, placed["place"], organizations)
            waiting = []
    return (*read, *_credits(waiting, None, organizations))


def _credits(names: list[str], place: str | None, organizations: frozenset[str]) -> list[Credit]:
    return [Credit(name=name, location=place, organization=name in organizations) for name in names]
