from datetime import timedelta

import pytest

from pressmark.config import Config
from pressmark.errors import UsageError


@pytest.mark.parametrize(
    ("text", "days"), [("365", 365), ("P365D", 365), ("P10Y", 3650), ("P1Y2W3D", 382), ("P8W", 56), ("", None)]
)
def test_a_retention_is_days_or_a_duration(text: str, days: int | None) -> None:
    assert Config.from_env({"PRESSMARK_RETENTION": text}).retention == (days and timedelta(days=days))


@pytest.mark.parametrize("text", ["0", "P", "P0D", "-1", "P1M", "PT1H", "ten years", "P101Y", "9" * 30])
def test_another_retention_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError, match="PRESSMARK_RETENTION="):
        Config.from_env({"PRESSMARK_RETENTION": text})


def test_without_one_nothing_is_locked() -> None:
    assert Config.from_env({}).retention is None
