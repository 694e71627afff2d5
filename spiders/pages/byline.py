"""The byline: who, for whom, and when it was updated, in one printed line."""

import re

import attrs

from pressmark.article import Credit
from spiders.pages.names import credits_in

_BY = re.compile(r"(?:By|BY|by)\s+")
_UPDATED = re.compile(r"Updated:\s*([12]\d{3}-\d{2}-\d{2} \d{2}:\d{2}(?::\d{2})?)")


@attrs.frozen(kw_only=True)
class Byline:
    """A byline in its parts, e.g. `By REN QI in Moscow | China Daily | Updated: 2022-02-18 08:53`."""

    authors: tuple[Credit, ...] = ()
    source: str | None = None
    """The part that is neither the authors nor the time, e.g. `China Daily`."""
    updated: str | None = None
    """As printed: `YYYY-MM-DD HH:MM`, in the site's zone."""

    @property
    def place(self) -> str | None:
        """The place of all authors, if it is only one."""
        places = {author.location for author in self.authors}
        return places.pop() if len(places) == 1 else None


def read_byline(text: str, organizations: frozenset[str]) -> Byline:
    """Read a byline; what is not printed is absent."""
    authors: tuple[Credit, ...] = ()
    source = updated = None
    for part in filter(None, (part.strip() for part in text.split("|"))):
        if time := _UPDATED.search(part):
            updated = time[1]
        elif by := _BY.match(part):
            authors = credits_in(part[by.end() :], organizations)
        else:
            source = part
    return Byline(authors=authors, source=source, updated=updated)
