"""The page reader process: page bombs have an outcome, and a process that hangs is killed and reported."""

import asyncio
import errno
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator

import psutil
import pytest

from pressmark.errors import ReadingFailed, Rejected
from pressmark.extract import page_reader
from pressmark.extract.page_messages import FetchedPage
from pressmark.extract.page_reader import PageReader
from pressmark.sites.site import Site
from pressmark.spiders.pages.chinadaily.article import ChinaDailyArticlePage
from pressmark.spiders.pages.chinadaily.listing import ChinaDailyListingPage
from tests.support.bombs import BOMBS, STYLES
from tests.support.saved_pages import SITE, expected, saved

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="limits memory as Linux does")
QUICK = SITE.model_copy(update={"bounds": SITE.bounds.model_copy(update={"seconds": 0.5})})


@pytest.fixture(scope="module")
def reader() -> Iterator[PageReader]:
    with PageReader(SITE) as reader:
        yield reader


def fetched(body: bytes | None = None, content_type: str = "text/html") -> FetchedPage:
    url, html = saved("china_daily")
    return FetchedPage(url=url, body=html.encode() if body is None else body, headers=[("Content-Type", content_type)])


def process_of(reader: PageReader) -> psutil.Process:
    assert reader._process
    return psutil.Process(reader._process.pid)


def test_a_page_is_read_as_it_is_without_a_process(reader: PageReader) -> None:
    page = reader.article_page(ChinaDailyArticlePage, fetched())
    assert page.article
    assert page.article.headline == expected("china_daily")["headline"]
    assert len(page.requisites) > 5


@pytest.mark.slow
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_has_its_outcome(reader: PageReader, name: str) -> None:
    bomb = BOMBS[name]
    body = bomb.made(saved("china_daily")[1])
    assert body != fetched().body
    page = reader.article_page(ChinaDailyArticlePage, fetched(body, bomb.content_type))
    outcome = ("rejected", page.rejected[0]) if page.rejected else ("published", None)
    assert outcome == bomb.outcome


def test_a_stylesheet_that_is_a_bomb_is_read_or_refused(reader: PageReader) -> None:
    with pytest.raises(Rejected, match="bytes"):
        reader.stylesheet(fetched(STYLES["too-large"].encode(), "text/css"))
    assert reader.stylesheet(fetched(STYLES["nested-media"].encode() + b"a{b:url(/1.png)", "text/css"))
    assert reader.stylesheet(fetched(STYLES["brackets"].encode() + b"url(/1.png)", "text/css"))


def test_a_listing_with_too_many_links_is_refused(reader: PageReader) -> None:
    with pytest.raises(Rejected, match="20000 links") as caught:
        reader.listing(ChinaDailyListingPage, fetched(b'<div class="tw2">' + b"<a href=x>x" * 20_000))
    assert caught.value.reason == "too-large"


def test_a_page_that_takes_too_long_is_killed_and_the_next_is_read() -> None:
    with PageReader(QUICK) as reader:
        reader.article_page(ChinaDailyArticlePage, fetched())
        first = process_of(reader)
        first.suspend()
        with pytest.raises(ReadingFailed) as caught:
            reader.article_page(ChinaDailyArticlePage, fetched())
        assert caught.value.reason == "reading-timeout"
        assert not first.is_running()
        assert reader.article_page(ChinaDailyArticlePage, fetched()).article


def killed_on_its_next_page(reader: PageReader) -> None:
    process = process_of(reader)
    process.suspend()
    threading.Timer(0.2, process.kill).start()


def test_a_page_is_read_again_after_one_crash(reader: PageReader) -> None:
    reader.article_page(ChinaDailyArticlePage, fetched())
    first = process_of(reader)
    killed_on_its_next_page(reader)
    assert reader.article_page(ChinaDailyArticlePage, fetched()).article
    assert process_of(reader) != first


def test_a_process_that_dies_twice_on_a_page_is_reported_and_the_next_page_is_read(
    reader: PageReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    dying = "import os, socket, sys; socket.socket(fileno=int(sys.argv[-1])).recv(1); os.kill(os.getpid(), 9)"
    reader.article_page(ChinaDailyArticlePage, fetched())
    killed_on_its_next_page(reader)
    with monkeypatch.context() as patched:
        patched.setattr(page_reader, "COMMAND", (sys.executable, "-c", dying))
        with pytest.raises(ReadingFailed, match="exit code -9") as caught:
            reader.article_page(ChinaDailyArticlePage, fetched())
    assert caught.value.reason == "reading-crashed"
    assert reader.article_page(ChinaDailyArticlePage, fetched()).article


def no_socket(_command: tuple[str, ...]) -> None:
    raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))


@pytest.mark.parametrize(
    ("name", "broken"),
    [("COMMAND", ("/nonexistent/python",)), ("COMMAND", ("/dev/null",)), ("COMMAND", ("true",)), ("start", no_socket)],
)
def test_a_process_that_cannot_be_started_says_nothing_about_the_page(
    monkeypatch: pytest.MonkeyPatch, name: str, broken: object
) -> None:
    with PageReader(SITE) as reader:
        with monkeypatch.context() as patched:
            patched.setattr(page_reader, name, broken)
            with pytest.raises(ReadingFailed) as caught:
                reader.article_page(ChinaDailyArticlePage, fetched())
        assert caught.value.reason == "reading-crashed"
        assert reader.article_page(ChinaDailyArticlePage, fetched()).article


def test_a_machine_without_threads_says_nothing_about_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_thread(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with PageReader(SITE) as reader:
        monkeypatch.setattr(threading.Thread, "start", no_thread)
        with pytest.raises(ReadingFailed, match="can't start new thread"):
            asyncio.run(reader.run_in_thread(reader.article_page, ChinaDailyArticlePage, fetched()))
        monkeypatch.undo()


@LINUX
def test_a_page_that_needs_too_much_memory_is_a_failure_of_the_reading() -> None:
    fields = ("article", "tags", "attributes", "attributes_of_tag", "items")
    bounds = SITE.bounds.model_copy(update=dict.fromkeys(fields, 10**10) | {"seconds": 300})  # It is not the clock's.
    with PageReader(SITE.model_copy(update={"bounds": bounds})) as reader:
        with pytest.raises(ReadingFailed) as caught:
            reader.article_page(ChinaDailyArticlePage, fetched(b"<p>a</p>" * 3_000_000))
        assert caught.value.reason == "reading-crashed"
        assert reader.article_page(ChinaDailyArticlePage, fetched()).article


def test_a_reader_that_is_stopped_ends_what_hangs_and_reads_no_more(reader: PageReader) -> None:
    with PageReader(SITE) as stopped:
        stopped.article_page(ChinaDailyArticlePage, fetched())
        process_of(stopped).suspend()
        stopped.stop(0.2)
        started = time.monotonic()
        for _ in range(2):
            with pytest.raises(ReadingFailed) as caught:
                stopped.article_page(ChinaDailyArticlePage, fetched())
            assert caught.value.reason == "interrupted"
        assert time.monotonic() - started < SITE.bounds.seconds / 2


def test_it_ignores_the_signals_that_stop_a_crawl(reader: PageReader) -> None:
    reader.article_page(ChinaDailyArticlePage, fetched())
    process = process_of(reader)
    for number in (signal.SIGTERM, signal.SIGINT):
        os.kill(process.pid, number)
    assert reader.article_page(ChinaDailyArticlePage, fetched()).article
    assert process_of(reader) == process


@pytest.mark.parametrize("field", ["listing", "article", "requisite", "following", "tags", "attributes", "nesting"])
def test_the_site_file_sets_the_bounds(field: str) -> None:
    facts = {**SITE.model_dump(), "bounds": {field: 7}}
    assert getattr(Site.model_validate(facts).bounds, field) == 7
