"""Makes the pools that the DAGs need, so that nobody has to: a listener of the plugin's, in the scheduler.

As it starts, and as a DAG run begins: of a site that was added since, or whose pool somebody deleted. Only those that
are missing: slots that an operator has set stay.
"""

import logging
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from airflow.listeners import hookimpl

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun
    from sqlalchemy.orm import Session

WATCH = "watch_site_files"
"""The DAG that begins every ten minutes, whatever sites there are (`dags/watch.py`)."""

logger = logging.getLogger("pressmark.pools")


@hookimpl
def on_starting(component: Any) -> None:
    """Make them as a job starts, e.g. the scheduler; tasks, which have no database, start as something else."""
    from airflow.jobs.job import Job

    if isinstance(component, Job):
        from airflow.utils.session import create_session

        with create_session() as session:
            make_pools(_site_pools(), session)


@hookimpl
def on_dag_run_running(dag_run: "DagRun", msg: str) -> None:
    """Make those of the tasks of a run that begins; with the watch of site files, those of all sites."""
    from sqlalchemy.orm import object_session

    session = object_session(dag_run)
    if session is None:
        return
    named = {task.pool for task in dag_run.get_dag().tasks}
    make_pools(named | set(_site_pools() if dag_run.dag_id == WATCH else ()), session)


def make_pools(names: Collection[str], session: "Session") -> None:
    """Make those of these pools that are Pressmark's and missing; harmless however often, and by several at once.

    In the caller's transaction, to the end of which it is left: another one would wait for it for good (SQLite), and
    the scheduler's may hold no other.
    """
    from airflow.models.pool import Pool
    from sqlalchemy import select

    from pressmark.airflow.pools import own_pools

    wanted = own_pools(names)
    existing = set(session.scalars(select(Pool.pool).where(Pool.pool.in_(wanted))))
    for name in wanted.keys() - existing:
        session.execute(_insert(session).values(pool=name, **wanted[name]))
        logger.info("made the pool %s", name)


def _insert(session: "Session") -> Any:
    """Return an insert of a pool that does nothing where it is there: an error would end the transaction."""
    from airflow.models.pool import Pool
    from sqlalchemy import insert
    from sqlalchemy.dialects import postgresql, sqlite

    dialect = session.get_bind().dialect.name
    if dialect == "mysql":
        return insert(Pool).prefix_with("IGNORE")
    makers: dict[str, Callable[[Any], Any]] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}
    return makers[dialect](Pool).on_conflict_do_nothing()


def _site_pools() -> set[str]:
    from pressmark.airflow.dag_defaults import sites
    from pressmark.airflow.pools import pools

    return set(pools(sites().values()))
