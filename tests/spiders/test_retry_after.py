from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from spiders.retry_after import seconds_until


@pytest.mark.parametrize(("asked", "seconds"), [("0", 0), (" 12 ", 12), ("soon", 0), ("", 0), ("-3", 0)])
def test_a_number_of_seconds(asked: str, seconds: float) -> None:
    assert seconds_until(asked) == seconds


@pytest.mark.parametrize("minutes", [10, -10])
def test_a_date(minutes: int) -> None:
    asked = format_datetime(datetime.now(UTC) + timedelta(minutes=minutes), usegmt=True)
    assert seconds_until(asked) == pytest.approx(max(0, minutes * 60), abs=5)
