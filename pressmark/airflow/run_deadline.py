"""The start time of a DAG run's deadline: a deadline reference of the plugin."""

from typing import TYPE_CHECKING, ClassVar

from airflow.sdk.definitions.deadline import BaseDeadlineReference

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session


class RunQueued(BaseDeadlineReference):
    """When a DAG run was first queued, as in Airflow's own `DAGRUN_QUEUED_AT`.

    Airflow's reference blocks clearing: a run that failed in time keeps its deadline, and while it does, the API
    answers 500 to a request to clear a task of the run (3.3.2 adds an interval that is no number).
    """

    required_kwargs: ClassVar[frozenset[str]] = frozenset({"dag_id", "run_id"})

    def _evaluate_with(self, *, session: "Session", dag_id: str, run_id: str) -> "datetime | None":
        from airflow.models.dagrun import DagRun
        from sqlalchemy import select

        return session.scalar(select(DagRun.queued_at).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id))
