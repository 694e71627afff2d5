"""Recipients of alarms, as the environment names them."""

import sys

import pytest

from pressmark.airflow.alerts.notifiers import Message, Recipient, recipients
from pressmark.errors import UsageError


def test_nobody_unless_somebody_is_named() -> None:
    assert recipients("") == recipients(" , ") == ()


def test_several_of_each_each_once() -> None:
    named = recipients("smtp:a@b.example, slack:#archive,slack:C024BE91L,smtp:a@b.example")
    assert list(map(str, named)) == ["smtp:a@b.example", "slack:#archive", "slack:C024BE91L"]


@pytest.mark.parametrize(
    "text", ["ops@example.org", "smtp:ops", "smtp:", "slack:", "slack:a b", "mail:a@b.example", "smtp:a@b.example c@d"]
)
def test_what_names_nobody_is_reported(text: str) -> None:
    with pytest.raises(UsageError, match=rf"PRESSMARK_ALARMS: '{text}' is no recipient\. Write smtp:ops@example\.org"):
        recipients(f"slack:#archive, {text}")


@pytest.mark.parametrize("how", ["smtp", "slack"])
def test_a_provider_that_is_missing_is_reported_with_its_extra(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, f"airflow.providers.{how}.notifications.{how}", None)
    with pytest.raises(UsageError, match=rf"install pressmark\[{how}\]"):
        Recipient(how, "a@b.example").send(Message("Subject", (), ()), {})  # type: ignore[typeddict-item]
