"""The page reader: reads pages in a process of its own, and kills it if a page takes too long.

The reading code can't limit its own time or memory inside C code (lxml, `re`), and a crash there would end the crawl.
See docs/decisions.
"""

import asyncio
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TypeVar

from pressmark.archive.publish.ipc import signals_blocked, start
from pressmark.errors import ReadingFailed, Rejected
from pressmark.extract.listing import Listing
from pressmark.extract.page_messages import FetchedPage, ReadPage
from pressmark.extract.pages import ArticlePage, ListingPage
from pressmark.model.outcomes import INTERRUPTED
from pressmark.sites.site import Site

if TYPE_CHECKING:
    import subprocess

COMMAND = (sys.executable, "-m", "pressmark.extract.page_reader_process")
"""The command of the process; a file descriptor is added as its last argument."""
STARTING = 120.0
"""Seconds until the process must be ready; these do not count for a page."""
GRACE = 6.0
"""Seconds for a stopped crawl to read captured pages."""

P = ParamSpec("P")
T = TypeVar("T")


class _ProcessEnded(ReadingFailed):
    """The process exited while it read a page."""


class PageReader:
    """Reads pages of one site, one at a time; it may be used from any thread. The process starts with the first page.

    A page that takes more than `bounds.seconds` raises ReadingFailed. So does a page on which the process crashes
    twice: one crash may have another cause. The next page gets a new process.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._reading = threading.Lock()
        self._thread = ThreadPoolExecutor(1, "page-reader")
        self._process: subprocess.Popen[bytes] | None = None
        self._is_ready = self._stopped = False
        self._timer: threading.Timer | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def run_in_thread(self, method: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call one of the other methods in a thread, without blocking the event loop."""
        loop = asyncio.get_running_loop()
        try:
            reading = loop.run_in_executor(self._thread, lambda: method(*args, **kwargs))
        except RuntimeError as error:  # The machine can't start a thread.
            raise ReadingFailed("reading-crashed", f"no page can be read: {error}") from error
        return await reading

    def article_page(self, page_class: type[ArticlePage], page: FetchedPage) -> ReadPage:
        """Read one page of an article.

        Raises:
            ReadingFailed: it could not be read; this says nothing about the page.
        """
        read: ReadPage = self._ask("article", page_class, page)
        return read

    def listing(self, page_class: type[ListingPage], page: FetchedPage) -> Listing:
        """Read a listing page.

        Raises:
            ReadingFailed: it could not be read; this says nothing about the page.
            Rejected: it is no listing, or too large.
        """
        listing: Listing = self._ask("listing", page_class, page)
        return listing

    def stylesheet(self, page: FetchedPage) -> tuple[str, ...]:
        """Return the absolute URLs in a stylesheet; raises the errors of `listing`."""
        urls: tuple[str, ...] = self._ask("stylesheet", None, page)
        return urls

    def start(self) -> None:
        """Start the process before the first page."""
        with self._reading:
            self._start()

    def stop(self, grace: float = GRACE) -> None:
        """Stop reading: kill the process after `grace` seconds. Return at once."""
        if not self._timer:
            self._timer = threading.Timer(grace, self._kill)
            self._timer.daemon = True
            self._timer.start()

    def close(self) -> None:
        """End the process."""
        if self._timer:
            self._timer.cancel()
        self._kill()
        with self._reading:
            self._end()
        self._thread.shutdown()

    def _ask(self, kind: str, page_class: type[Any] | None, page: FetchedPage) -> Any:
        with self._reading:
            try:
                said, what, is_last = self._answer((kind, page_class, page), page.url)
            except _ProcessEnded:
                said, what, is_last = self._answer((kind, page_class, page), page.url)
            if is_last or said == "failed":
                self._end()
        match said:
            case "rejected":
                raise Rejected(*what)
            case "failed":
                raise ReadingFailed("reading-crashed", f"{page.url} could not be read: {what}")
        return what

    def _answer(self, message: Any, url: str) -> tuple[str, Any, bool]:
        self._start()
        assert self._process
        seconds = self._site.bounds.seconds
        try:
            if not self._is_ready:
                self._channel.limit(STARTING)
                self._is_ready = bool(self._channel.receive())
            self._channel.limit(seconds)
            self._channel.send(message)
            (said, what, is_last), _ = self._channel.receive()
        except TimeoutError:
            self._end()
            raise ReadingFailed("reading-timeout", f"{url} could not be read in {seconds:g} s (`bounds`)") from None
        except (EOFError, OSError):
            code = self._process.wait()
            self._end()
            if self._stopped:
                raise ReadingFailed(INTERRUPTED, f"{url} was being read when the crawl was stopped") from None
            raise _ProcessEnded(
                "reading-crashed", f"{url} could not be read: its reader ended with exit code {code}"
            ) from None
        except BaseException:  # Interrupted by a signal: the answer to this page must not be taken for the next one's.
            self._end()
            raise
        return said, what, is_last

    def _start(self) -> None:
        """Start a process, unless one is running.

        Raises:
            ReadingFailed: it can't be started, or the crawl was stopped.
        """
        if self._stopped:
            raise ReadingFailed(INTERRUPTED, "the crawl was stopped")
        if self._process:
            if self._process.poll() is None:
                return
            self._end()
        try:
            self._launch()
        except OSError as error:  # The machine can't start a process, or Python is being updated.
            self._end()
            raise _ProcessEnded("reading-crashed", f"the process that reads pages can't be started: {error}") from error

    def _launch(self) -> None:
        with signals_blocked():
            self._channel, self._process = start(COMMAND)
        self._channel.send(self._site)

    def _kill(self) -> None:
        self._stopped = True
        if process := self._process:
            process.kill()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process:
            process.kill()
            process.wait()
            self._channel.close()
            self._is_ready = False
