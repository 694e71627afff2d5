"""The content of one listing page."""

import attrs

from pressmark.model import keys


@attrs.frozen(kw_only=True)
class Entry:
    """One link to an article."""

    article_id: str
    url: str
    """Absolute."""
    printed_day: str
    """The day in the URL, as printed, e.g. `202202/18`."""

    @property
    def day(self) -> str:
        """The day in the form of bucket keys: `YYYY/MM/DD`."""
        return keys.day_of_url(self.printed_day)


@attrs.frozen(kw_only=True)
class Listing:
    """One page of a listing."""

    entries: tuple[Entry, ...]
    """Articles of the section, each once, in page order."""
    elsewhere: tuple[str, ...]
    """Absolute URLs of entries that are not articles of this site."""
    next_url: str | None = None
    """The following page; absent on the last."""
    days: tuple[str, ...] = ()
    """Days (`YYYY/MM/DD`) of the articles in the list itself, in order; a page may show others above the list."""
    pages: int | None = None
    """The number of pages of the section, if this page prints it."""
