import os
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


@pytest.mark.parametrize("name", ["PATIENCE", "SEGMENT_BYTES", "SEGMENT_SECONDS", "SPOOL_RESERVE"])
@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e400", "1e300", "-1", "ten"])
def test_a_number_is_finite_and_in_range(name: str, text: str) -> None:
    with pytest.raises(UsageError, match=f"PRESSMARK_{name}={text!r} is no"):
        Config.from_env({f"PRESSMARK_{name}": text})


def test_a_home_that_nobody_has_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="Set PRESSMARK_SPOOL"):
        Config.from_env({"XDG_STATE_HOME": "~nosuchuser/x"})
    assert Config.from_env({"XDG_STATE_HOME": "~nosuchuser/x", "PRESSMARK_SPOOL": "/spool"}).spool
    with pytest.raises(UsageError, match=r"HOME is empty.*Set PRESSMARK_SPOOL"):
        Config.from_env({"HOME": ""})


@pytest.mark.parametrize("name", ["OPERATOR", "CONTACT", "SPOOL", "SITES", "BUCKET"])
@pytest.mark.parametrize("text", [os.fsdecode(b"Z\xfcrich"), "two\r\nlines", "\x1b[31mred"])
def test_what_is_no_text_of_one_line_is_wrong_usage(name: str, text: str) -> None:
    with pytest.raises(UsageError, match=f"PRESSMARK_{name}=.* is no UTF-8 text of one line") as error:
        Config.from_env({f"PRESSMARK_{name}": text})
    assert str(error.value).isprintable()
