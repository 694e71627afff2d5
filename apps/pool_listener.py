"""Makes the pools that the DAGs need when Airflow starts, so that nobody has to: a listener of the plugin's.

Only those that are missing: slots that an operator has set stay. A new site file has its pool with the next start.
"""

import logging
from typing import Any

from airflow.listeners import hookimpl

logger = logging.getLogger("pressmark.pools")


@hookimpl
def on_starting(component: Any) -> None:
    """Make them as a job starts, e.g. the scheduler; tasks, which have no database, start as something else."""
    from airflow.jobs.job import Job

    if isinstance(component, Job):
        make_pools()


def make_pools() -> None:
    """Make the pools that are missing; harmless however often, and by several at once."""
    from airflow.models.pool import Pool
    from airflow.utils.session import create_session
    from sqlalchemy.exc import IntegrityError

    from apps.airflow_pools import pools
    from apps.dag_names import sites

    for name, facts in pools(sites().values()).items():
        try:
            with create_session() as session:
                if Pool.get_pool(name, session=session):
                    continue
                session.add(Pool(pool=name, **facts))
        except IntegrityError:  # Another process was faster.
            continue
        logger.info("made the pool %s", name)
