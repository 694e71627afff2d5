"""Checks, before reading, whether a response is a page of the requested article.

The crawl, recovery and `rederive` use the same check, so none of them makes a document of a wrong page.
"""

from typing import Any

from web_poet import HttpResponse, WebPage

from pressmark.errors import Rejected
from pressmark.extract.page_messages import FetchedPage
from pressmark.extract.urls import absolute_url, without_query
from pressmark.sites.site import Site

OK, PARTIAL = 200, 206
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_LONGEST_REFRESH = 10_000
"""Characters of a `meta` refresh that are read."""


def wrong_page_reason(site: Site, article_id: str, page: FetchedPage) -> tuple[str, str] | None:
    """Return why a response is not the first page of an article; None if it may be.

    Returns:
        A short reason for counting, and the details. Reasons are `partial`, `http-<status>`, `empty`, and `moved` if
        the request was redirected to another page.
    """
    url, status = page.url, page.status
    match = site.article_match(url)
    if not match:
        return "moved", f"it redirects to {url}, which is no article"
    if match["id"] != article_id:
        return "moved", f"it redirects to {url}, which is another article"
    if int(match["page"] or 1) != 1:
        return "moved", f"it redirects to {url}, which is not its first page"
    if status == PARTIAL:
        return "partial", f"{url} answers 206 with a part of the page, which was not requested"
    if status != OK:
        return f"http-{status}", f"{url} answers {status}"
    if not page.body.removeprefix(_BYTE_ORDER_MARK).strip():
        return "empty", f"{url} answers 200 with an empty body"
    return None


def as_refresh(error: Rejected, page: WebPage[Any] | HttpResponse) -> Rejected:
    """Return an error as `meta-refresh` if its page has no article and sends its readers elsewhere."""
    url = str(page.url)
    for meta in page.css("meta[http-equiv][content]"):
        if meta.attrib["http-equiv"].strip().lower() == "refresh":
            target = absolute_url(url, _refresh_target(meta.attrib["content"][:_LONGEST_REFRESH]))
            if target and without_query(target) != without_query(url):
                return Rejected("meta-refresh", f"{url} has no article ({error.reason}) and leads on to {target[:500]}")
    return error


def _refresh_target(content: str) -> str:
    """Return the address in the content of a `meta` refresh; empty if it has none (HTML standard, 4.2.5.3)."""
    rest = content.strip().lstrip("0123456789.").lstrip().removeprefix(";").removeprefix(",").lstrip()
    name, equals, value = rest.partition("=")
    if equals and name.strip().lower() == "url":
        rest = value.lstrip()
    quote = rest[:1]
    return rest[1:].partition(quote)[0].strip() if quote in {'"', "'"} else rest
