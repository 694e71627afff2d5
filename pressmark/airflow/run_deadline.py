"""What a deadline of a DAG run is counted from: a reference of the plugin's."""

from typing import TYPE_CHECKING, ClassVar

from airflow.sdk.definitions.deadline import BaseDeadlineReference

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session


class RunQueued(BaseDeadlineReference):
    """When a DAG run was queued first.

    As Airflow's own `DAGRUN_QUEUED_AT`. But while a deadline of that one stands, as it does for each run that failed
    within it, no task of the run can be cleared: the API answers 500 (3.3.2: it adds an interval up that is no number).
    """

    required_kwargs: ClassVar[frozenset[str]] = frozenset({"dag_id", "run_id"})

    def _evaluate_with(self, *, session: "Session", dag_id: str, run_id: str) -> "datetime | None":
        from airflow.models.dagrun import DagRun
        from sqlalchemy import select

        return session.scalar(select(DagRun.queued_at).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id))
