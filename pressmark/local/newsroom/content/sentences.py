"""Makes sentences: fills the patterns of `words` from a random source."""

import re
from collections.abc import Sequence
from functools import cache
from random import Random
from typing import TypeVar

from pressmark.local.newsroom.content import words

T = TypeVar("T")

_PLACE = re.compile(r"\{(\w+)\}")


def pick(source: Random, choices: Sequence[T]) -> T:
    """Return one of the choices; twice as fast as `Random.choice`, which matters for whole pages."""
    return choices[int(source.random() * len(choices))]


@cache
def _parsed(pattern: str) -> tuple[str, ...]:
    # Literal text at the even places, names of lists at the odd ones.
    return tuple(_PLACE.split(pattern))


def fill(source: Random, pattern: str) -> str:
    """Return the pattern with each `{name}` replaced by one of the words of that list."""
    parts = list(_parsed(pattern))
    for place in range(1, len(parts), 2):
        name = parts[place]
        word = western_name(source) if name == "person" else pick(source, words.FILLINGS[name])
        parts[place] = fill(source, word) if "{" in word else word
    return "".join(parts)


def sentence(source: Random) -> str:
    """Return one sentence of running text."""
    return fill(source, pick(source, words.SENTENCES))


def paragraph(source: Random) -> str:
    """Return one paragraph of one to three sentences."""
    return " ".join([sentence(source) for _ in range(1 + int(source.random() * 3))])


def western_name(source: Random) -> str:
    """Return a name as in `Jane Doe`."""
    return f"{pick(source, words.GIVEN)} {pick(source, words.FAMILY)}"


def staff_name(source: Random) -> str:
    """Return a reporter's name as a byline prints it: `REN QI`, `REN Qi` or `Jane Doe`."""
    style = int(source.random() * 4)
    if style >= 2:
        return western_name(source)
    family, given = pick(source, words.CHINESE_FAMILY), pick(source, words.CHINESE_GIVEN)
    return f"{family} {given}".upper() if style else f"{family.upper()} {given}"


def different(source: Random, choices: Sequence[T], taken: T) -> T:
    """Return one of the choices, but not `taken`."""
    while (found := pick(source, choices)) == taken:
        pass
    return found
