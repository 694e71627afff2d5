"""Runs of other scopes: backfills, one article, the search for pages; and what they leave to the next regular run."""

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
def behind(archive: Archive) -> Archive:
    """An archive whose one regular run has read the first of two listing pages."""
    crawl = archive.crawl("--pages", "1")
    assert (crawl.exit_code, crawl.counts["listing_pages"]) == (0, 1)
    archive.newsroom.requests.clear()
    return archive


def articles(newsroom: Newsroom) -> Counter[str]:
    """Return which articles were asked for."""
    return Counter({path: count for path, count in newsroom.requests.counts.items() if path.startswith("/a/")})


def test_a_backfill_brings_what_lies_behind_and_goes_on_where_it_ended(behind: Archive) -> None:
    before = set(behind.documents())
    crawl = behind.crawl("--backfill", "1-2")
    assert crawl.exit_code == 0
    assert crawl.manifest["parameters"]["scope"] == "backfill"
    assert crawl.counts["published"] == len(set(behind.documents()) - before) > 0
    assert crawl.counts["not_due"] >= len(before)
    [asked] = crawl.manifest["requests"]
    assert asked["number"] == behind.newsroom.requests.total
    assert 0 < asked["busiest_minute"] <= asked["number"]
    behind.newsroom.requests.clear()
    again = behind.crawl("--backfill", "1-2")
    assert again.counts["published"] == 0
    assert not articles(behind.newsroom)
    assert keeps_its_schemas(behind.store)


def test_a_killed_backfill_goes_on(behind: Archive) -> None:
    process, reader = behind.started(8, "--backfill", "2-2")
    process.kill()
    process.communicate()
    os.close(reader)
    assert behind.crawl("--backfill", "2-2").exit_code == 0
    behind.newsroom.requests.clear()
    assert behind.crawl("--backfill", "2-2").counts["seen"] == 0
    assert not articles(behind.newsroom)


def test_days_and_their_pages(behind: Archive) -> None:
    days = sorted({entry.path.removeprefix("/a/")[:9] for entry in behind.newsroom.listing("world/europe", 2)})
    day = f"{days[0][:4]}-{days[0][4:6]}-{days[0][7:]}"
    search = behind.crawl("--find-pages", "--since", day, "--until", day)
    assert search.exit_code == 0
    first, last = search.manifest["pages_found"]
    assert first <= 2 <= last
    assert search.counts["seen"] == 0
    assert not articles(behind.newsroom)
    assert behind.crawl("--find-pages", "--until", "1999-01-01").manifest["pages_found"] is None
    behind.crawl("--backfill", "2-2", "--since", day, "--until", day)
    assert articles(behind.newsroom)
    assert {path.removeprefix("/a/")[:9] for path in articles(behind.newsroom)} == {days[0]}


def test_one_article(behind: Archive) -> None:
    newsroom = behind.newsroom
    known, unknown = (newsroom.listing("world/europe", page)[1].path for page in (1, 2))
    crawl = behind.crawl("--article", behind.url + unknown)
    assert (crawl.counts["seen"], crawl.counts["listing_pages"]) == (1, 0)
    assert articles(newsroom) == Counter([unknown])
    newsroom.advance(timedelta(minutes=5))
    newsroom.update(known.split("/")[-1].removesuffix(".html"))
    assert behind.crawl("--article", behind.url + known).counts["updated"] == 1
    newsroom.withdraw(known.split("/")[-1].removesuffix(".html"), 410)
    assert behind.crawl("--article", behind.url + known).counts["withdrawn"] == 1
    foreign = behind.crawl("--article", "http://elsewhere.example/a/202202/18/WS620efc22cf054f070000001a.html")
    assert foreign.exit_code == 2
    assert foreign.error
    assert "no address of an article" in foreign.error["message"]


def test_one_article_that_can_not_be_had_fails_its_run(behind: Archive) -> None:
    path = behind.newsroom.listing("world/europe", 2)[1].path
    behind.newsroom.withdraw(path.split("/")[-1].removesuffix(".html"), 404)
    crawl = behind.crawl("--article", behind.url + path)
    assert crawl.exit_code == 4
    assert crawl.error
    assert "404" in crawl.error["message"]
    assert crawl.manifest["failure"] == crawl.error["type"]


def test_the_rate_holds(behind: Archive) -> None:
    crawl = behind.crawl("--find-pages", "--since", "2022-02-01", "--rate", "60")
    seconds = behind.newsroom.requests.total - 1
    began, ended = (crawl.manifest[name] for name in ("started_at", "ended_at"))
    took = datetime.fromisoformat(ended) - datetime.fromisoformat(began)
    assert seconds >= 2
    assert took >= timedelta(seconds=seconds)


def test_a_run_that_had_not_caught_up_is_followed_by_one_that_reads_on(behind: Archive) -> None:
    assert behind.crawl("--backfill", "1-1").exit_code == 0
    crawl = behind.crawl("--pages", "5")
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


def test_what_a_regular_run_could_not_have_is_asked_for_behind_a_backfill(archive: Archive) -> None:
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
