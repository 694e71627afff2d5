"""Runs of other scopes: backfills, one article, the search for pages; and their effect on the next regular run."""

import os
from collections import Counter
from datetime import datetime, timedelta

import pytest

from pressmark.local.newsroom import Newsroom
from pressmark.local.newsroom.faults import FaultKind
from tests.support.archive import Archive
from tests.support.schemas import keeps_its_schemas

pytestmark = pytest.mark.long


@pytest.fixture
def old_pages(archive: Archive) -> Archive:
    """An archive whose one regular run has read the first of two listing pages."""
    crawl = archive.crawl("--pages", "1")
    assert (crawl.exit_code, crawl.counts["listing_pages"]) == (0, 1)
    archive.newsroom.requests.clear()
    return archive


def articles(newsroom: Newsroom) -> Counter[str]:
    """Return which articles were asked for."""
    return Counter({path: count for path, count in newsroom.requests.counts.items() if path.startswith("/a/")})


def test_a_backfill_adds_old_articles_and_resumes(old_pages: Archive) -> None:
    before = set(old_pages.documents())
    crawl = old_pages.crawl("--backfill", "1-2")
    assert crawl.exit_code == 0
    assert crawl.manifest["parameters"]["scope"] == "backfill"
    assert crawl.counts["published"] == len(set(old_pages.documents()) - before) > 0
    assert crawl.counts["not_due"] >= len(before)
    [asked] = crawl.manifest["requests"]
    assert asked["number"] == old_pages.newsroom.requests.total
    assert 0 < asked["busiest_minute"] <= asked["number"]
    old_pages.newsroom.requests.clear()
    again = old_pages.crawl("--backfill", "1-2")
    assert again.counts["published"] == 0
    assert not articles(old_pages.newsroom)
    assert keeps_its_schemas(old_pages.store)


def test_a_killed_backfill_goes_on(old_pages: Archive) -> None:
    process, reader = old_pages.started(8, "--backfill", "2-2")
    process.kill()
    process.communicate()
    os.close(reader)
    assert old_pages.crawl("--backfill", "2-2").exit_code == 0
    old_pages.newsroom.requests.clear()
    assert old_pages.crawl("--backfill", "2-2").counts["seen"] == 0
    assert not articles(old_pages.newsroom)


def test_days_and_their_pages(old_pages: Archive) -> None:
    days = sorted({entry.path.removeprefix("/a/")[:9] for entry in old_pages.newsroom.listing("world/europe", 2)})
    day = f"{days[0][:4]}-{days[0][4:6]}-{days[0][7:]}"
    search = old_pages.crawl("--find-pages", "--since", day, "--until", day)
    assert search.exit_code == 0
    first, last = search.manifest["pages_found"]
    assert first <= 2 <= last
    assert search.counts["seen"] == 0
    assert not articles(old_pages.newsroom)
    assert old_pages.crawl("--find-pages", "--until", "1999-01-01").manifest["pages_found"] is None
    old_pages.crawl("--backfill", "2-2", "--since", day, "--until", day)
    assert articles(old_pages.newsroom)
    assert {path.removeprefix("/a/")[:9] for path in articles(old_pages.newsroom)} == {days[0]}


def test_one_article(old_pages: Archive) -> None:
    newsroom = old_pages.newsroom
    known, unknown = (newsroom.listing("world/europe", page)[1].path for page in (1, 2))
    crawl = old_pages.crawl("--article", old_pages.url + unknown)
    assert (crawl.counts["seen"], crawl.counts["listing_pages"]) == (1, 0)
    assert articles(newsroom) == Counter([unknown])
    newsroom.advance(timedelta(minutes=5))
    newsroom.update(known.split("/")[-1].removesuffix(".html"))
    assert old_pages.crawl("--article", old_pages.url + known).counts["updated"] == 1
    newsroom.withdraw(known.split("/")[-1].removesuffix(".html"), 410)
    assert old_pages.crawl("--article", old_pages.url + known).counts["withdrawn"] == 1
    foreign = old_pages.crawl("--article", "http://elsewhere.example/a/202202/18/WS620efc22cf054f070000001a.html")
    assert foreign.exit_code == 2
    assert foreign.error
    assert "not the address of an article" in foreign.error["message"]


def test_one_article_that_cannot_be_fetched_fails_its_run(old_pages: Archive) -> None:
    path = old_pages.newsroom.listing("world/europe", 2)[1].path
    old_pages.newsroom.withdraw(path.split("/")[-1].removesuffix(".html"), 404)
    crawl = old_pages.crawl("--article", old_pages.url + path)
    assert crawl.exit_code == 4
    assert crawl.error
    assert "404" in crawl.error["message"]
    assert crawl.manifest["failure"] == crawl.error["type"]


def test_the_rate_holds(old_pages: Archive) -> None:
    crawl = old_pages.crawl("--find-pages", "--since", "2022-02-01", "--rate", "60")
    seconds = old_pages.newsroom.requests.total - 1
    began, ended = (crawl.manifest[name] for name in ("started_at", "ended_at"))
    took = datetime.fromisoformat(ended) - datetime.fromisoformat(began)
    assert seconds >= 2
    assert took >= timedelta(seconds=seconds)


def test_after_a_run_that_did_not_catch_up_the_next_reads_on(old_pages: Archive) -> None:
    assert old_pages.crawl("--backfill", "1-1").exit_code == 0
    crawl = old_pages.crawl("--pages", "5")
    assert crawl.counts["listing_pages"] == 2
    assert crawl.manifest["caught_up"]


def test_a_backfill_between_two_runs_costs_the_second_nothing(archive: Archive) -> None:
    assert archive.crawl().manifest["caught_up"]
    assert archive.crawl("--backfill", "2-2").exit_code == 0
    archive.newsroom.requests.clear()
    crawl = archive.crawl()
    assert crawl.counts["listing_pages"] == 1
    assert crawl.counts["not_modified"] >= 16
    assert crawl.counts["published"] == crawl.counts["updated"] == 0


def test_failed_articles_of_a_regular_run_are_fetched_after_a_backfill(archive: Archive) -> None:
    path = archive.newsroom.listing("world/europe", 1)[15].path  # No page repeats it above its list.
    archive.newsroom.fault(path, FaultKind.STATUS_500)
    assert archive.crawl().counts["failed"] == 1
    archive.newsroom.clear_faults()
    archive.newsroom.requests.clear()
    assert archive.crawl("--backfill", "2-2").exit_code == 0
    assert not articles(archive.newsroom)
    assert archive.crawl().counts["published"] == 1


def test_options_that_mean_nothing_together(archive: Archive) -> None:
    crawl = archive.crawl("--backfill", "1-2", "--find-pages", "--since", "2022-02-01")
    assert crawl.exit_code == 2
    assert crawl.error
    assert "--backfill and --find-pages are different runs" in crawl.error["message"]
    assert archive.crawl("--since", "2022-02-01").exit_code == 2
    assert archive.crawl("--backfill", "3").exit_code == 2
    assert archive.newsroom.requests.total == 0
