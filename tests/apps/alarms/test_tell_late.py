"""A run that is late: the callback of a deadline, as Airflow's scheduler makes it and its executors run it."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.models.deadline import Deadline
from airflow.models.serialized_dag import SerializedDagModel
from airflow.sdk import DeadlineAlert, DeadlineReference, SyncCallback
from airflow.sdk.execution_time.callback_supervisor import supervise_callback
from airflow.sdk.execution_time.supervisor import InProcessTestSupervisor
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState
from airflow.utils.types import DagRunTriggeredByType, DagRunType

from tests.apps.alarms.conftest import OPS, Tasks
from tests.apps.alarms.servers import MailServer

pytestmark = [
    pytest.mark.slow,
    # The API server that answers the callback brings a test client in that it has no use for.
    pytest.mark.filterwarnings("ignore:Using `httpx` with `starlette.testclient`"),
    # Airflow's supervisor leaves a socket of its own open.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

SECTION = "newsroom/world/europe"
DUE = datetime(2026, 11, 25, 4, tzinfo=UTC)


@pytest.fixture
def late(tasks: Tasks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Callable[[], int]]:
    """Make a DAG run that is late; what is returned runs its callback, and returns its exit code."""
    monkeypatch.setenv("PRESSMARK_SPOOL", str(tmp_path / "spool"))

    def make() -> Callable[[], int]:
        callback = SyncCallback("apps.alarms.tell_late", kwargs={"section": SECTION})
        deadline = DeadlineAlert(DeadlineReference.FIXED_DATETIME(DUE), timedelta(0), callback)
        tasks.make(lambda context: None, "late", deadline=deadline)
        data = _missed()

        def run() -> int:
            return supervise_callback(
                id=str(uuid.uuid4()),
                callback_path=data["path"],
                callback_kwargs=data["kwargs"],
                dag_rel_path=Path("archive.py"),
                client=InProcessTestSupervisor._api_client(),
            )

        return run

    return make


def _missed() -> dict[str, Any]:
    """Start a run as the scheduler does, and miss its deadline; return what the executor is to call."""
    with create_session() as session:
        the_dag = SerializedDagModel.get_dag("late", session=session)
        assert the_dag
        the_dag.create_dagrun(  # Not by `dag.test()`: that can't end a run with a deadline (Airflow 3.3.2).
            run_id=f"manual__{uuid.uuid4().hex}",
            run_after=datetime.now(UTC),
            run_type=DagRunType.MANUAL,
            triggered_by=DagRunTriggeredByType.TEST,
            state=DagRunState.RUNNING,
            session=session,
        )
        session.flush()
        deadline = session.query(Deadline).filter(Deadline.missed.is_(False)).one()
        deadline.handle_miss(session)
        return dict(deadline.callback.data)


def test_each_run_that_is_late_is_told_once(late: Callable[[], Callable[[], int]], mail: MailServer) -> None:
    for number in (1, 2):
        run = late()
        assert run() == run() == 0
        assert len(mail.mails) == number
    _, sent = mail.mails[0]
    assert sent["Subject"].startswith("[Pressmark] newsroom/world/europe: a run is late by ")
    text = sent.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert "should have ended at 2026-11-25 04:00 UTC" in text
    assert "/dags/late/runs/manual__" in text


def test_all_who_can_be_told_are(
    late: Callable[[], Callable[[], int]], mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRESSMARK_ALARMS", f"slack:#archive,smtp:{OPS}")
    monkeypatch.delenv("AIRFLOW_CONN_SLACK_API_DEFAULT", raising=False)
    run = late()
    for _ in range(2):  # Airflow itself does not try again.
        with pytest.raises(RuntimeError, match="exited with code 1"):
            run()
    assert len(mail.mails) == 1


def test_a_disk_that_is_full_keeps_nobody_from_being_told(
    late: Callable[[], Callable[[], int]], mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRESSMARK_SPOOL", "/dev/null/spool")
    assert late()() == 0
    assert len(mail.mails) == 1
