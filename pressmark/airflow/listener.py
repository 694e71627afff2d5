"""Creates the pools that the DAGs need: a listener of the plugin, in the scheduler.

Pools are created when the scheduler starts and when a DAG run begins, e.g. after a site was added or a pool deleted.
Existing pools stay as they are, with the slots that an operator has set.
"""

import logging
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from airflow.listeners import hookimpl

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun
    from sqlalchemy.orm import Session

WATCH = "watch_site_files"
"""The DAG that runs every ten minutes, whatever sites there are (`dags/watch.py`)."""

logger = logging.getLogger("pressmark.pools")


@hookimpl
def on_starting(component: Any) -> None:
    """Create missing pools when a job such as the scheduler starts; tasks have no database and are no job."""
    from airflow.jobs.job import Job

    if isinstance(component, Job):
        from airflow.utils.session import create_session

        with create_session() as session:
            make_pools(_site_pools(), session)


@hookimpl
def on_dag_run_running(dag_run: "DagRun", msg: str) -> None:
    """Create the missing pools of a run's tasks; a run of the site file watch creates those of all sites."""
    from sqlalchemy.orm import object_session

    session = object_session(dag_run)
    if session is None:
        return
    named = {task.pool for task in dag_run.get_dag().tasks}
    make_pools(named | set(_site_pools() if dag_run.dag_id == WATCH else ()), session)


def make_pools(names: Collection[str], session: "Session") -> None:
    """Create Pressmark's pools among these that are missing. Several processes may do it at once, and repeatedly.

    It uses the caller's transaction and leaves the commit to the caller: on SQLite a second transaction would wait
    for the first forever, and the scheduler may not hold another one.
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
    """Return an insert that does nothing if the pool exists: an error would end the transaction."""
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
