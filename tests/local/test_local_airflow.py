"""The client of a local Airflow, with responses of its API."""

from collections.abc import Iterable
from pathlib import Path

import attrs
import pytest

from pressmark.errors import ServiceFailed
from pressmark.local import airflow as local_airflow
from pressmark.local.airflow import LocalAirflow
from tests.crawl.scrapy.raw_server import RawServer

LOCKED = b'HTTP/1.1 500 Internal Server Error\r\nContent-Length: 40\r\n\r\n{"detail": {"reason": "Database error"}}'
OTHER = b'HTTP/1.1 500 Internal Server Error\r\nContent-Length: 22\r\n\r\n{"detail": "anything"}'
WELL = b'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"pools":0}'


@attrs.define(slots=False)
class Api(RawServer):
    """A mock: two transactions of the real Airflow meet in SQLite by chance alone."""

    answers: list[bytes] = attrs.field(factory=list)

    def script(self, path: str, request: bytes) -> Iterable[bytes | float | None]:
        """Give the next answer, the last one for good."""
        return [self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]]


def ask(answers: list[bytes], home: Path) -> tuple[object, int]:
    """Return a call's result, and its number of requests."""
    with Api({}, answers=[*answers]).running() as api:
        airflow = LocalAirflow(home, home, api.port, {})
        try:
            result: object = airflow.call("GET", "/pools")
        except ServiceFailed as error:
            result = str(error)
        airflow._client.close()
        return result, len(api.log["/api/v2/pools"])


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_airflow, "LOCKED_SECONDS", 0)


def test_a_transaction_that_found_the_database_locked_is_tried_again(tmp_path: Path) -> None:
    assert ask([LOCKED, LOCKED, WELL], tmp_path) == ({"pools": 0}, 3)


def test_a_database_that_stays_locked_is_reported(tmp_path: Path) -> None:
    result, tries = ask([LOCKED], tmp_path)
    assert "Airflow answers 500 to GET /pools" in str(result)
    assert tries == local_airflow.LOCKED_TRIES


def test_another_error_is_reported_at_once(tmp_path: Path) -> None:
    result, tries = ask([OTHER], tmp_path)
    assert "anything" in str(result)
    assert tries == 1
