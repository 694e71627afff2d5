"""Reading an article, its following pages included; from the site, or from what was captured of it."""

from collections.abc import Awaitable, Callable

from web_poet import HttpResponse

from pressmark.article import Article
from pressmark.errors import Rejected
from pressmark.site import Site
from spiders.pages.chinadaily import ArticlePage


class NotWhole(Exception):
    """A following page of an article can't be had, or is of another version."""


async def read_article(
    page_class: type[ArticlePage],
    site: Site,
    article_id: str,
    response: HttpResponse,
    fetch: Callable[[str], Awaitable[HttpResponse]],
) -> Article:
    """Return the whole article that begins with this response.

    Args:
        page_class: the layout that held when it was captured.
        site: whose article it is.
        article_id: which article is wanted.
        response: its first page.
        fetch: has a further page by its URL, or raises NotWhole.

    Raises:
        Rejected: a page can't be read.
        NotWhole: a following page can't be had, or the article was updated while its pages were fetched.
    """
    page = page_class(response, site=site)
    first = await page.to_item()
    if first.article_id != article_id:
        raise Rejected("id-mismatch", f"{response.url} is not of {article_id}, it is another article")
    following = []
    for number, url in enumerate(page.following(), start=2):
        further = page_class(await fetch(url), site=site)
        item = await further.to_item()
        if item.article_id != article_id or further.number != number:
            raise NotWhole(f"page {number} was asked for at {url}, and {further.url} came")
        if item.raw.updated and item.raw.updated != first.raw.updated:
            raise NotWhole(f"{url} was updated at {item.raw.updated}, page 1 at {first.raw.updated}")
        following.append(item)
    return first.followed_by(*following)


def as_rejection(error: Exception) -> Rejected:
    """Return why a page can't become an article: whatever breaks on it is a rejection."""
    return error if isinstance(error, Rejected) else Rejected("parser-error", f"{type(error).__name__}: {error}")
