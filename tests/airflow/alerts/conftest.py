"""Airflow tasks that run in the test's process with a database of the session, and recipients of alarms."""

import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import pytest
from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
from airflow.sdk import DAG, Context, dag, task

from tests.airflow.alerts.servers import MailServer, SlackServer

OPS = "ops@example.org"


@pytest.fixture
def mail(monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    with MailServer().running() as server:
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", server.connection)
        monkeypatch.setenv("PRESSMARK_ALARMS", f"smtp:{OPS}")
        yield server


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlackServer]:
    with SlackServer().running() as server:
        monkeypatch.setenv("AIRFLOW_CONN_SLACK_API_DEFAULT", server.connection)
        yield server


@attrs.frozen
class Tasks:
    """Runs a function in a task of its own DAG."""

    folder: Path
    """Without any DAGs."""

    def run(self, function: Callable[[Context], Any]) -> Any:
        """Return what the function returns, or raise what it raises."""
        came: dict[str, Any] = {}

        def call(context: Context) -> None:
            try:
                came["result"] = function(context)
            except Exception as error:  # noqa: BLE001 - it is raised again below
                came["error"] = error

        _run(self.make(call))
        if "error" in came:
            raise came["error"]
        return came["result"]

    def make(self, function: Callable[[Context], None], dag_id: str = "alarms", **options: Any) -> DAG:
        """Make a DAG that calls the function, and register it; a DAG with other options needs another id."""

        @dag(dag_id=dag_id, schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC), **options)
        def of_one_task() -> None:
            @task
            def call(**context: Any) -> None:
                function(Context(**context))

            call()

        return known(of_one_task(), self.folder)


def known(made: DAG, folder: Path) -> DAG:
    """Register a DAG, and return it."""
    DagBundlesManager().sync_bundles_to_db()
    bag = DagBag(folder)
    bag.bag_dag(made)
    sync_bag_to_db(bag, "dags-folder", None)
    return made


def ran(made: DAG, folder: Path) -> Any:
    """Register a DAG, and run it to its end; return the run."""
    return _run(known(made, folder))


def _run(made: DAG) -> Any:
    with warnings.catch_warnings():  # It imports an API server with an unused test client.
        warnings.filterwarnings("ignore", "Using `httpx` with `starlette.testclient`")
        return made.test()


@pytest.fixture
def tasks(airflow_database: None, tmp_path: Path) -> Tasks:
    """An Airflow that runs what it is given as a task."""
    folder = tmp_path / "dags"
    folder.mkdir()
    return Tasks(folder)
