"""The messages between a crawl and its page reader process: plain data, one message per page."""

from collections.abc import Sequence

import attrs

from pressmark.model.article import Article


@attrs.frozen(kw_only=True)
class FetchedPage:
    """A response, as the page reader gets it."""

    url: str
    body: bytes = attrs.field(repr=False)
    """Without chunk framing and content encoding."""
    status: int = 200
    headers: Sequence[tuple[str, str]] = ()
    """Names and values, as text."""
    cut_short: bool = False
    """Whether it is cut short each time, or may be; `body` is the part that was received."""

    def header(self, name: str) -> str:
        """Return the first value of a header; empty if it is missing."""
        return next((value for each, value in self.headers if each.lower() == name), "")

    @property
    def content_type(self) -> str:
        """The media type without its parameters, in lower case; empty when the server names none."""
        return self.header("content-type").partition(";")[0].strip().lower()


@attrs.frozen(kw_only=True)
class ReadPage:
    """The result of reading one page of an article: an article, or a rejection."""

    url: str
    number: int = 1
    """The page's number in its article, by its URL."""
    article: Article | None = None
    rejected: tuple[str, str] | None = None
    """Reason and message."""
    following: tuple[str, ...] = ()
    """URLs of the article's further pages, in order; only on a first page."""
    requisites: tuple[str, ...] = ()
    """Absolute URLs of the page's requisites."""
