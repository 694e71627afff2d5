from datetime import UTC, datetime, timedelta

from pressmark.archive.bucket.visits import Visit, VisitedPage
from pressmark.crawl.state.revisits import FORGET, Revisits
from pressmark.model.article import VersionKey
from pressmark.model.capture import Original
from pressmark.sites.revisit_policy import Recheck

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PAGE = VisitedPage(original=Original(url="https://news.example/a", record_id="urn:uuid:1", captured_at=NOW), etag='"1"')


def revisits(*visits: Visit, unconditional: bool = False) -> Revisits:
    return Revisits(Recheck(), {visit.article_id: visit for visit in visits}, NOW, unconditional=unconditional)


def visit(name: str, age: timedelta, since: timedelta, listed: timedelta = timedelta(0)) -> Visit:
    return Visit(
        article_id=name,
        url=f"https://news.example/{name}",
        printed_day="202602/28",
        created_at=NOW - age,
        visited_at=NOW - since,
        listed_at=NOW - listed,
        pages=(PAGE,),
    )


HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_young_articles_are_visited_even_if_unlisted() -> None:
    made = revisits(visit("young", HOUR, HOUR), visit("visited", DAY, HOUR / 2), visit("old", 20 * DAY, 9 * DAY))
    assert [each.article_id for each in made.overdue()] == ["young"]
    assert made.due("old")
    assert not made.due("visited")
    assert made.due("unknown")
    assert made.not_due == {"visited"}


def test_a_run_can_visit_everything_unconditionally() -> None:
    made = revisits(visit("visited", DAY, HOUR / 2), unconditional=True)
    assert made.due("visited")
    assert made.pages("visited") == ()
    assert revisits(visit("visited", DAY, HOUR)).pages("visited") == (PAGE,)


def test_an_article_without_a_result_is_fetched_unconditionally() -> None:
    made = revisits()
    for name in ("good", "broken"):
        made.record_visit(name, f"https://news.example/{name}", "202602/28", pages=(PAGE,))
    assert {each.article_id: each.pages for each in made.for_next_run({"broken"})} == {"good": (PAGE,), "broken": ()}


def test_old_unlisted_articles_are_forgotten() -> None:
    kept, gone = visit("kept", 40 * DAY, DAY, FORGET - DAY), visit("gone", 40 * DAY, DAY, FORGET)
    assert list(revisits(kept, gone).for_next_run()) == [kept]


def test_content_of_another_reader_is_not_known() -> None:
    key, read = VersionKey("a", NOW - HOUR), ("a/20260301T110000Z", "0" * 64)
    made = revisits()
    made.record_visit("a", "https://news.example/a", "202603/01", pages=(PAGE,))
    assert made.last_read("a", "7.3") is None
    made.record_version(key, read[1], "7.3")
    assert made.last_read("a", "7.3") == read
    assert made.last_read("a", "7.4") is None
    assert made.last_read("unknown", "7.3") is None
