"""The work of the page reader process, `pressmark.extract.page_reader_process`.

Pages of sites are parsed only in this process, so that it can be killed at any time, even inside C code.
"""

import asyncio
import ctypes
import os
import re
import resource
import signal
import socket
import sys
from typing import Any

from web_poet import HttpResponse, HttpResponseHeaders

from pressmark.archive.publish.ipc import Channel
from pressmark.errors import Rejected
from pressmark.extract.article_reader import as_rejection
from pressmark.extract.html.css_links import urls_of_stylesheet
from pressmark.extract.html.requisite_links import absolute_urls, requisites_of
from pressmark.extract.layouts import page_response
from pressmark.extract.listing import Listing
from pressmark.extract.page_bounds import check_is_page, check_markup, check_nesting, check_size
from pressmark.extract.page_messages import FetchedPage, ReadPage
from pressmark.extract.pages import ArticlePage, ListingPage
from pressmark.extract.response_check import as_refresh
from pressmark.sites.site import Site

MEMORY = 480 << 20
"""Bytes of data (RLIMIT_DATA; Linux): with its libraries the process stays below 600 MB."""
TIGHT = 360 << 20
"""Bytes. After more, a library may have hidden a MemoryError, so the result is not trusted."""
LARGE = 250 << 20
"""Bytes. After a page that took more, the next one gets a new process."""
PR_SET_PDEATHSIG = 1  # linux/prctl.h


class PageReaderProcess:
    """Reads pages of one site, one at a time."""

    def __init__(self, site: Site) -> None:
        self._site, self._bounds = site, site.bounds
        self._runner = asyncio.Runner()

    def read(self, kind: str, page_class: Any, page: FetchedPage) -> Any:
        """Read a page.

        Raises:
            Rejected: it exceeds a limit of its site, or is no page.
        """
        match kind:
            case "article":
                return self._article(page_class, page)
            case "listing":
                return self._listing(page_class, page)
        return self._stylesheet(page)

    def _article(self, page_class: type[ArticlePage], page: FetchedPage) -> ReadPage:
        try:
            check_size(page, self._bounds.article)
            html = page_class(self._response(page), site=self._site)
            check_nesting(page.url, html.selector.root, self._bounds)
        except (Rejected, ValueError, LookupError) as error:
            rejection = as_rejection(error)
            return ReadPage(url=page.url, rejected=(rejection.reason, str(rejection)))
        requisites = requisites_of(html.selector.root, html.base_url, self._bounds.items)
        try:
            article = self._runner.run(html.to_item())
            following = html.following() if html.number == 1 else []
            return ReadPage(
                url=page.url,
                number=html.number,
                article=article,
                following=tuple(following),
                requisites=requisites,
            )
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - any error of a page rejects it
            rejection = as_refresh(as_rejection(error), html)
            return ReadPage(url=page.url, rejected=(rejection.reason, str(rejection)), requisites=requisites)

    def _listing(self, page_class: type[ListingPage], page: FetchedPage) -> Listing:
        check_size(page, self._bounds.listing)
        html = page_class(self._response(page), site=self._site)
        check_nesting(page.url, html.selector.root, self._bounds)
        return self._runner.run(html.to_item())

    def _stylesheet(self, page: FetchedPage) -> tuple[str, ...]:
        check_size(page, self._bounds.requisite)
        charset = page.header("content-type").lower().partition("charset=")[2].strip(" \"';") or None
        return absolute_urls(urls_of_stylesheet(page.body, charset), page.url, self._bounds.items)

    def _response(self, page: FetchedPage) -> HttpResponse:
        """Return a page for parsing; raise Rejected if it is too large."""
        check_is_page(page)
        response = page_response(page.url, page.body, page.status, HttpResponseHeaders(page.headers))
        check_markup(page.url, response.text, self._bounds)
        return response


def answer(process: PageReaderProcess, message: Any) -> tuple[str, Any]:
    """Read one page; errors are answers, too."""
    try:
        return "read", process.read(*message)
    except Rejected as error:
        return "rejected", (error.reason, str(error))
    except MemoryError as error:
        return "failed", f"MemoryError: {error}"
    except Exception as error:  # noqa: BLE001 - any error of a page rejects it
        rejection = as_rejection(error)
        return "rejected", (rejection.reason, str(rejection))


def main() -> None:
    """Read pages until the crawl is gone."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    ending = {signal.SIGTERM, signal.SIGINT}
    for number in ending:
        signal.signal(number, signal.SIG_IGN)  # The crawl gets them too, and ends this process.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ending)
    channel = Channel(socket.socket(fileno=int(sys.argv[-1])))
    try:
        site, _ = channel.receive()
        process = PageReaderProcess(site)
        channel.send(("ready",))
        while True:
            message, _ = channel.receive()
            kind, said = answer(process, message)
            used = _most_memory()
            if used > TIGHT:
                kind, said = "failed", f"it took {used >> 20} MB of memory"
            channel.send((kind, said, used > LARGE))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        os._exit(0)


def _most_memory() -> int:
    """Return the peak memory of this process in bytes; 0 where the system does not report it.

    Not by getrusage: on Linux a new process inherits the peak of its parent.
    """
    try:
        with open("/proc/self/status", "rb") as status:  # noqa: PTH123 - not a file on a disk
            found = re.search(rb"VmHWM:\s+(\d+) kB", status.read())
    except OSError:
        return 0
    return int(found[1]) * 1024 if found else 0
