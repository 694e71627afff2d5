"""A run that is late: the callback of a deadline, as Airflow's scheduler makes it and its executors run it."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.models.deadline import Deadline
from airflow.models.serialized_dag import SerializedDagModel
from airflow.sdk import DAG, DeadlineAlert, DeadlineReference, SyncCallback
from airflow.sdk.execution_time.callback_supervisor import supervise_callback
from airflow.sdk.execution_time.supervisor import InProcessTestSupervisor
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState
from airflow.utils.types import DagRunTriggeredByType, DagRunType

from pressmark.airflow.alerts.section import notify_late, notify_timed_out
from tests.airflow.alerts.conftest import OPS, Tasks
from tests.airflow.alerts.servers import MailServer

pytestmark = [
    pytest.mark.slow,
    # The API server that answers the callback imports an unused test client.
    pytest.mark.filterwarnings("ignore:Using `httpx` with `starlette.testclient`"),
    # Airflow's supervisor leaves a socket of its own open.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

SECTION = "newsroom/world/europe"
ALLOWED = timedelta(minutes=30)
DUE = datetime(2026, 11, 25, 4, tzinfo=UTC)


@pytest.fixture
def late(tasks: Tasks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Callable[[], int]]:
    """Make a DAG run that is late; the returned function runs its callback, and returns the exit code."""
    monkeypatch.setenv("PRESSMARK_SPOOL", str(tmp_path / "spool"))

    def make(state: DagRunState = DagRunState.RUNNING, queued_at: datetime | None = None) -> Callable[[], int]:
        kwargs = {"section": SECTION, "allowed": ALLOWED.total_seconds()}
        callback = SyncCallback("pressmark.airflow.alerts.section.notify_late", kwargs=kwargs)
        deadline = DeadlineAlert(DeadlineReference.FIXED_DATETIME(DUE), timedelta(0), callback)
        tasks.make(lambda context: None, "late", deadline=deadline)
        data = _missed(state, queued_at)

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


def _missed(state: DagRunState, queued_at: datetime | None) -> dict[str, Any]:
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
        run = deadline.dagrun
        run.state, run.queued_at = state, queued_at or DUE - ALLOWED
        session.flush()
        deadline.handle_miss(session)
        return dict(deadline.callback.data)


def test_each_run_that_is_late_is_reported_once(late: Callable[..., Callable[[], int]], mail: MailServer) -> None:
    for number in (1, 2):
        run = late()
        assert run() == run() == 0
        assert len(mail.mails) == number
    _, sent = mail.mails[0]
    assert sent["Subject"].startswith("[Pressmark] newsroom/world/europe: a run is late by ")
    text = sent.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert "should have ended at 2026-11-25 04:00 UTC" in text
    assert "/dags/late/runs/manual__" in text


def test_every_recipient_who_can_be_reached_is_notified(
    late: Callable[..., Callable[[], int]], mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRESSMARK_ALARMS", f"slack:#archive,smtp:{OPS}")
    monkeypatch.delenv("AIRFLOW_CONN_SLACK_API_DEFAULT", raising=False)
    run = late()
    for _ in range(2):  # Airflow itself does not try again.
        with pytest.raises(RuntimeError, match="exited with code 1"):
            run()
    assert len(mail.mails) == 1


def test_a_full_disk_keeps_nobody_from_being_notified(
    late: Callable[..., Callable[[], int]], mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRESSMARK_SPOOL", "/dev/null/spool")
    assert late()() == 0
    assert len(mail.mails) == 1


@pytest.mark.parametrize(
    ("state", "queued_at", "sent"),
    [
        (DagRunState.QUEUED, DUE - ALLOWED, 1),
        (DagRunState.FAILED, DUE - ALLOWED, 0),
        (DagRunState.SUCCESS, DUE - ALLOWED, 0),
        (DagRunState.RUNNING, DUE - timedelta(minutes=1), 0),
    ],
    ids=["it waits", "it failed in its time", "it ended", "it was cleared since"],
)
def test_only_a_running_run_past_its_time_is_late(
    late: Callable[..., Callable[[], int]],
    mail: MailServer,
    state: DagRunState,
    queued_at: datetime,
    sent: int,
) -> None:
    assert late(state, queued_at)() == 0
    assert len(mail.mails) == sent


def test_a_run_that_was_ended_is_reported_once_and_not_if_it_was_reported_as_late(
    late: Callable[..., Callable[[], int]], mail: MailServer
) -> None:
    """As the DAG processor calls it, in the database's own process there (`tests/dags/test_operators_day.py`)."""
    began = datetime(2026, 11, 25, 3, tzinfo=UTC)

    def context(run_id: str, reason: str = "timed_out") -> dict[str, Any]:
        run = SimpleNamespace(dag_id="late", run_id=run_id, start_date=began)
        return {"reason": reason, "run_id": run_id, "dag": DAG("late", schedule=None), "dag_run": run}

    notify_timed_out(SECTION, context("a", "task_failure"))
    assert not mail.mails
    for _ in range(2):
        notify_timed_out(SECTION, context("a"))
    assert mail.subjects(OPS) == ["[Pressmark] newsroom/world/europe: a run took too long and was ended"]
    run = {"dag_id": "late", "dag_run_id": "b", "state": "running", "queued_at": began.isoformat()}
    notify_late(SECTION, {"dag_run": run, "deadline": {"deadline_time": DUE.isoformat()}})
    without_run = {name: value for name, value in context("b").items() if name != "dag_run"}
    notify_timed_out(SECTION, without_run)
    assert len(mail.mails) == 2
