"""Generates bylines: who wrote an article, and how its byline names them."""

from random import Random
from typing import Final

import attrs

from pressmark.local.newsroom.content.sentences import different, pick, staff_name
from pressmark.local.newsroom.content.story import Byline, Person
from pressmark.local.newsroom.content.words import CITIES

BYLINES: Final = tuple(Byline)
"""An article's byline is that at `index % 10`."""


@attrs.frozen
class Signature:
    """A byline without its time."""

    authors: tuple[Person, ...] = ()
    line: str | None = None
    """`By REN QI in Moscow`."""
    source: str | None = None
    """`China Daily`."""

    @property
    def place(self) -> str | None:
        """The place in the byline; None if it has several places or no place."""
        places = {author.location for author in self.authors if author.location}
        return places.pop() if len(places) == 1 else None

    def printed(self, updated: str) -> str:
        """Return the whole line, e.g. `By REN QI in Moscow | China Daily | Updated: 2022-02-18 08:53`."""
        return " | ".join(filter(None, (self.line, self.source, f"Updated: {updated}")))


def byline_of(index: int) -> Byline:
    """Return the kind of byline of the article with this index."""
    return BYLINES[index % len(BYLINES)]


def signature(source: Random, byline: Byline) -> Signature:
    """Return a signature for the kind of byline."""
    a = staff_name(source)
    b = different_name(source, a)
    city = pick(source, CITIES)
    match byline:
        case Byline.ONE_IN_PLACE:
            return Signature((Person(a, city),), f"By {a} in {city}", "China Daily")
        case Byline.TWO_IN_PLACE:
            return Signature((Person(a, city), Person(b, city)), f"By {a} and {b} in {city}", "China Daily")
        case Byline.SLASH:
            return Signature((Person(a), Person(b)), f"By {a}/{b}", "China Daily")
        case Byline.THREE_GLOBAL:
            c = different_name(source, a, b)
            return Signature((Person(a), Person(b), Person(c)), f"By {a}, {b} and {c}", "China Daily Global")
        case Byline.TWO_PLACES:
            other = different(source, CITIES, city)
            line = f"By {a} in {city} and {b} in {other}"
            return Signature((Person(a, city), Person(b, other)), line, "China Daily")
        case Byline.WEBSITE:
            return Signature((Person(a, city),), f"By {a} in {city}", "chinadaily.com.cn")
        case Byline.NONE:
            return Signature()
        case Byline.XINHUA | Byline.CHINA_DAILY | Byline.AGENCIES:
            return Signature(source=byline.value)


def different_name(source: Random, *taken: str) -> str:
    """Return a reporter's name that is not taken."""
    while (name := staff_name(source)) in taken:
        pass
    return name
