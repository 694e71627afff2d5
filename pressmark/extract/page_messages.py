"""What the crawl and the process that reads pages say to each other: plain data, one message per page."""

from collections.abc import Sequence

import attrs

from pressmark.model.article import Article


@attrs.frozen(kw_only=True)
class FetchedPage:
    """A response of status 200 as its reader sees it."""

    url: str
    body: bytes = attrs.field(repr=False)
    """Without chunk framing and content encoding."""
    status: int = 200
    headers: Sequence[tuple[str, str]] = ()
    """Names and values, as text."""
    cut_short: bool = False
    """Whether it ends early each time, or may do so, and `body` is what there is of it."""

    def header(self, name: str) -> str:
        """Return the first value of a header; empty when there is none."""
        return next((value for each, value in self.headers if each.lower() == name), "")

    @property
    def content_type(self) -> str:
        """The media type without its parameters, in lower case; empty when the server names none."""
        return self.header("content-type").partition(";")[0].strip().lower()


@attrs.frozen(kw_only=True)
class ReadPage:
    """What one page of an article says: an article, or why it is none."""

    url: str
    number: int = 1
    """Which page of its article it is, by its URL."""
    article: Article | None = None
    rejected: tuple[str, str] | None = None
    """Reason and message."""
    following: tuple[str, ...] = ()
    """URLs of the article's further pages, in their order; a first page names them."""
    requisites: tuple[str, ...] = ()
    """Absolute URLs of what the page needs to be shown."""
