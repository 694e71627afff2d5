"""The crawl of a chunk of a backfill: one of many, and if the site refuses one of them the others do not insist."""

import os
from datetime import datetime
from typing import Any

from airflow.sdk import Context

from pressmark.airflow import ids
from pressmark.airflow.operators.crawl import CrawlOperator
from pressmark.errors import CrawlRefused

LOOKED_AT = 20
"""Newest runs of the section among which a refused chunk is looked for."""


class ChunkOperator(CrawlOperator):
    """Crawl a chunk, unless another one of this DAG run was refused since it began or was cleared."""

    def execute(self, context: Context) -> dict[str, Any]:
        """Run the crawl, as CrawlOperator does.

        Raises:
            CrawlRefused: the site said no, to this chunk or to one before it.
        """
        instance, run = context["ti"], context["dag_run"]
        if run.start_date:
            before = refusal_reason(self.section, ids.digest(instance.dag_id, context["run_id"]), run.start_date)
            if before:
                raise CrawlRefused(f"the site refused a chunk before this one, which did not ask: {before}")
        return super().execute(context)


def refusal_reason(section: str, digest: str, since: datetime) -> str | None:
    """Return why a crawl of a DAG run was refused since then; None if none was.

    Args:
        section: `SITE/SECTION`.
        digest: of the DAG run, as it stands in the ids of its crawls.
        since: aware.
    """
    from pressmark.archive.s3.store import Store
    from pressmark.config import Config
    from pressmark.monitoring.history import History

    site, _, name = section.partition("/")
    runs = History(Store.open(Config.from_env(os.environ)), site).newest(name, LOOKED_AT)
    for run in runs:
        if run.failure == CrawlRefused.__name__ and f"-{digest}-" in run.run_id and run.ended_at >= since:
            return run.reason or run.key
    return None
