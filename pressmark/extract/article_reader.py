"""Reads an article with its following pages, from the site or from captures."""

from collections.abc import Awaitable, Callable
from typing import Self

import attrs

from pressmark.errors import Rejected
from pressmark.extract.page_bounds import too_large
from pressmark.extract.page_messages import FetchedPage, ReadPage
from pressmark.extract.response_check import wrong_page_reason
from pressmark.model.article import Article
from pressmark.sites.site import Site
from pressmark.text import brief


class IncompleteArticle(Exception):
    """A following page of an article can't be fetched, or belongs to another version."""

    reason = "following-page"
    """A short name for counting."""


class WrongPage(IncompleteArticle):
    """The response is no page of the requested article (`pressmark.extract.response_check`)."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(brief(message))
        self.reason = reason

    def __reduce__(self) -> tuple[type[Self], tuple[str, str]]:
        """Support pickling."""
        return type(self), (self.reason, str(self))


async def read_article(
    read: Callable[[FetchedPage], Awaitable[ReadPage]],
    site: Site,
    article_id: str,
    first: FetchedPage,
    fetch: Callable[[str], Awaitable[FetchedPage]],
) -> Article:
    """Return the whole article that starts with this page.

    Args:
        read: reads one page with the layout of its capture time.
        site: of the article; all pages together may have at most the bytes of its `bounds.article`.
        article_id: the requested article.
        first: its first page.
        fetch: fetches a further page by its URL, or raises IncompleteArticle.

    Raises:
        Rejected: a page can't become an article, or all pages together are too large.
        ReadingFailed: a page could not be read; this says nothing about the page.
        WrongPage: the first response is no page of the article.
        IncompleteArticle: a following page can't be fetched, or the article was updated while its pages were fetched.
    """
    if reason := wrong_page_reason(site, article_id, first):
        raise WrongPage(*reason)
    page, article = _read(await read(first))
    size, most, following, cut = len(first.body), site.bounds.article, [], first.cut_short
    for number, url in enumerate(page.following, start=2):
        further = await fetch(url)
        cut = cut or further.cut_short
        size += len(further.body)
        if size > most:
            raise too_large(first.url, f"{size} bytes in {number} pages", most)
        next_page, item = _read(await read(further))
        if item.article_id != article_id or next_page.number != number:
            raise IncompleteArticle(f"page {number} was requested at {url}, but {next_page.url} was returned")
        if item.raw.updated and item.raw.updated != article.raw.updated:
            raise IncompleteArticle(f"{url} was updated at {item.raw.updated}, page 1 at {article.raw.updated}")
        following.append(item)
    return attrs.evolve(article.followed_by(*following), cut_short=cut)


def as_rejection(error: Exception) -> Rejected:
    """Return an error as a rejection: any error of a page rejects it."""
    return error if isinstance(error, Rejected) else Rejected("parser-error", f"{type(error).__name__}: {error}"[:1000])


def _read(page: ReadPage) -> tuple[ReadPage, Article]:
    if page.rejected:
        raise Rejected(*page.rejected)
    assert page.article
    return page, page.article
