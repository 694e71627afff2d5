"""What one page of a section's listing says."""

import attrs

from pressmark.model import keys


@attrs.frozen(kw_only=True)
class Entry:
    """One link that leads to an article."""

    article_id: str
    url: str
    """Absolute."""
    printed_day: str
    """The day in the URL, as it stands there, e.g. `202202/18`."""

    @property
    def day(self) -> str:
        """The day as bucket keys have it: `YYYY/MM/DD`."""
        return keys.day_of_url(self.printed_day)


@attrs.frozen(kw_only=True)
class Listing:
    """One page of a listing."""

    entries: tuple[Entry, ...]
    """Articles of the section, each once, in the order of the page."""
    elsewhere: tuple[str, ...]
    """Absolute URLs of entries that are no articles of this site."""
    next_url: str | None = None
    """The following page; absent on the last."""
    days: tuple[str, ...] = ()
    """Days (`YYYY/MM/DD`) of the articles in the list itself, in its order; a page may show others above it."""
    pages: int | None = None
    """How many pages the section has, if this one tells it."""
