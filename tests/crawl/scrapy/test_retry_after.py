from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pressmark.crawl.scrapy.retry_after import seconds_until


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
