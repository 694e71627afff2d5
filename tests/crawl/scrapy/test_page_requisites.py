"""A page keeps no more requisites in memory than it may request."""

import tracemalloc
from typing import Any

from pressmark.crawl.state.requisites import Requisites
from pressmark.spiders.requisites import PageRequisites
from tests.support.saved_pages import SITE

ORIGIN = "https://news.example"
NUMBER = SITE.requisites.number
LISTED = 4_990


def named(page: int) -> list[str]:
    return [f"{ORIGIN}/images/{page}/{number}.png" for number in range(LISTED)]


def page_requisites(requisites: Requisites) -> PageRequisites:
    reader: Any = None  # It reads stylesheets alone.
    return PageRequisites(SITE, requisites, reader)


def test_pages_full_of_images_keep_no_more_urls_than_the_limit() -> None:
    requisites = Requisites(SITE, set())
    needs = [page_requisites(requisites) for _ in range(5)]
    tracemalloc.start()
    for page, each in enumerate(needs):
        each.add(named(page), via=f"{ORIGIN}/a/{page}.html")
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 1_000_000
    assert requisites.left_out == 5 * (LISTED - NUMBER)


def test_the_first_urls_are_requested_and_another_page_may_request_the_rest() -> None:
    requisites = Requisites(SITE, set())
    first, second = (page_requisites(requisites) for _ in range(2))
    for needs, expected in ((first, named(1)[:NUMBER]), (second, named(1)[NUMBER : 2 * NUMBER])):
        needs.add(named(1), via=f"{ORIGIN}/a/1.html")
        asked = [request for _ in range(LISTED) for request in needs.next()]
        assert [request.url for request in asked] == expected
        assert {request.headers["Referer"] for request in asked} == {f"{ORIGIN}/a/1.html".encode()}
    assert requisites.left_out == LISTED - NUMBER + LISTED - 2 * NUMBER
