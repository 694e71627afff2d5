"""The search for listing pages, on invented listings."""

import math
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pressmark.crawl.state.listing_search import Probe, search_pages

FIRST = date(2022, 1, 1)


def found(
    pages: list[list[str]], since: str, until: str, *, has_page_count: bool
) -> tuple[tuple[int, int] | None, list[int]]:
    """Search a listing; return the result and the pages that were probed."""
    search = search_pages(since, until)
    looked: list[int] = []
    try:
        number = next(search)
        while True:
            looked.append(number)
            if number > len(pages):
                probe = Probe(last=True)
            else:
                known = len(pages) if has_page_count else None
                probe = Probe(days=tuple(pages[number - 1]), pages=known, last=number == len(pages))
            number = search.send(probe)
    except StopIteration as end:
        return end.value, looked


@st.composite
def listings(draw: st.DrawFn) -> list[list[str]]:
    """Pages of days, newest first."""
    gaps = draw(st.lists(st.integers(0, 3), min_size=5, max_size=300))
    day, days = FIRST + timedelta(days=900), []
    for gap in gaps:
        day -= timedelta(days=gap)
        days.append(f"{day:%Y/%m/%d}")
    size = draw(st.integers(2, 20))
    return [days[begin : begin + size] for begin in range(0, len(days), size)]


@given(pages=listings(), begin=st.integers(0, 900), length=st.integers(0, 40), has_page_count=st.booleans())
def test_every_article_of_the_days_is_on_the_pages_found(
    pages: list[list[str]], begin: int, length: int, has_page_count: bool
) -> None:
    since, until = (f"{FIRST + timedelta(days=days):%Y/%m/%d}" for days in (begin, begin + length))
    result, looked = found(pages, since, until, has_page_count=has_page_count)
    holding = [number for number, days in enumerate(pages, 1) if any(since <= day <= until for day in days)]
    if not holding:
        assert result is None
        return
    assert result
    assert 1 <= result[0] <= holding[0]
    assert holding[-1] <= result[1] <= len(pages)
    assert result[0] >= holding[0] - 1
    assert result[1] <= holding[-1] + 1
    assert len(looked) == len(set(looked)) <= 3 * math.log2(len(pages) + 1) + 6


def test_a_day_of_a_long_section_takes_few_probes() -> None:
    pages = [[f"{FIRST + timedelta(days=1000 - number):%Y/%m/%d}"] * 20 for number in range(113)]
    day = pages[70][0]
    result, looked = found(pages, day, day, has_page_count=True)
    assert result == (70, 72)
    assert len(looked) <= 18


def test_a_section_of_one_page() -> None:
    assert found([["2022/02/18"]], "2022/02/18", "2022/02/18", has_page_count=False)[0] == (1, 1)
    assert found([["2022/02/18"]], "2022/02/19", "2022/02/19", has_page_count=False)[0] is None
