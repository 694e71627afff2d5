"""Crawls a chunk of a backfill; once the site refuses one chunk, the others are not requested."""

from datetime import datetime
from typing import Any

from airflow.sdk import Context

from pressmark.airflow import ids
from pressmark.airflow.operators.crawl import CrawlOperator
from pressmark.errors import CrawlRefused

RUNS_SEARCHED = 20
"""Newest runs of the section that are searched for a refused chunk."""


class ChunkOperator(CrawlOperator):
    """Crawl a chunk, unless the site refused another one since this DAG run began or was cleared."""

    def execute(self, context: Context) -> dict[str, Any]:
        """Run the crawl, as CrawlOperator does.

        Raises:
            CrawlRefused: the site refused this chunk or an earlier one.
        """
        instance, run = context["ti"], context["dag_run"]
        if run.start_date:
            before = refusal_reason(self.section, ids.digest(instance.dag_id, context["run_id"]), run.start_date)
            if before:
                raise CrawlRefused(f"the site refused an earlier chunk, so this one was not requested: {before}")
        return super().execute(context)


def refusal_reason(section: str, digest: str, since: datetime) -> str | None:
    """Return why the site refused a crawl of a DAG run since then; None if it did not.

    Args:
        section: `SITE/SECTION`.
        digest: of the DAG run, as in the ids of its crawls.
        since: aware.
    """
    from pressmark.archive.s3.store import Store
    from pressmark.config import Config
    from pressmark.monitoring.history import History

    site, _, name = section.partition("/")
    runs = History(Store.open(Config.read()), site).newest(name, RUNS_SEARCHED)
    for run in runs:
        if run.failure == CrawlRefused.__name__ and f"-{digest}-" in run.run_id and run.ended_at >= since:
            return run.reason or run.key
    return None
