import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.settings import Settings

from pressmark.crawl.scrapy.download_errors import Refused
from pressmark.crawl.scrapy.recording_handler import ONLY_READ
from pressmark.crawl.scrapy.retry_after import ENDS_RUN, MOST_REFUSED, RetryAfterMiddleware, seconds_until
from pressmark.crawl.state.run import RunStatus
from pressmark.errors import CrawlRefused

URL = "http://news.example/a"
LONG = Response(URL, status=429, headers={"Retry-After": "3600"})


@pytest.mark.parametrize(("asked", "seconds"), [("0", 0), (" 12 ", 12), ("soon", 0), ("", 0), ("-3", 0)])
def test_a_number_of_seconds(asked: str, seconds: float) -> None:
    assert seconds_until(asked) == seconds


@given(
    st.text(alphabet=st.characters(max_codepoint=255)) | st.from_regex(r"[A-Z][a-z]{2}, [0-9]{1,9} [A-Z][a-z]{2} .*")
)
@example("9" * 400)
@example("Mon, 01 Jan 0001 00:00:00 +2359")
@example("Fri, 31 Dec 9999 23:59:59 -2359")
@example("Fri, 31 Dec 2027 23:59:59 +99999999999999999999")
@example("0 0 0 0 0")
def test_any_header_gives_a_finite_delay(asked: str) -> None:
    assert 0 <= seconds_until(asked) < float("inf")


@pytest.mark.parametrize("minutes", [10, -10])
def test_a_date(minutes: int) -> None:
    asked = format_datetime(datetime.now(UTC) + timedelta(minutes=minutes), usegmt=True)
    assert seconds_until(asked) == pytest.approx(max(0, minutes * 60), abs=5)


def test_a_listing_with_a_long_delay_ends_the_run() -> None:
    status = RunStatus()
    middleware = RetryAfterMiddleware(Settings(), 60, status)
    with pytest.raises(IgnoreRequest):
        asyncio.run(middleware.process_response(Request(URL, meta={ENDS_RUN: True}), LONG))
    assert isinstance(status.failure, CrawlRefused)
    assert "asks for a delay of 3600 s, more than 60 s" in str(status.failure)


def test_a_server_that_keeps_asking_for_long_delays_gets_no_more_requests_for_requisites() -> None:
    status = RunStatus()
    middleware = RetryAfterMiddleware(Settings(), 60, status)
    requisite = Request(URL, meta={ONLY_READ: "text/css"})
    for _ in range(MOST_REFUSED):
        middleware.process_request(requisite)
        assert asyncio.run(middleware.process_response(requisite, LONG)) is LONG
    with pytest.raises(Refused):
        middleware.process_request(requisite)
    assert status.failure is None
