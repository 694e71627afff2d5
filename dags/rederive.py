"""Re-reads all articles of a site from their captures: what would today's page classes make of them?

**How to use it.** Trigger it without changes after a page class has changed. *report* then logs how many documents would differ, and their fields; the log of
each partition names some. Then trigger it with *write*: corrected versions are published under `corrections/`, and the published ones stay. It sends no
request to the site.

**What it does.** *plan* divides the archive into partitions of some days by the sizes of their segments; each *portion* task reads one of them, on any free
worker; *report* adds up the results.

**Parameters.** `since`, `until`: days of the crawls, UTC; empty: the whole archive. `write`: publish corrected versions. `megabytes`: approximate size of a
partition's segments.

**When it fails**

| message | what it means | what to do |
|---|---|---|
| `were not corrected: Raise LAYOUT` | a page class reads a document differently than before and has the same name (or somebody edited the document) | give it a new name, deploy it, trigger it again |
| `can't be re-read` | documents or captures are damaged or missing; all others are done | trigger *audit*: it lists them with the reason |
| `BucketUnreachable`, `BucketRefused` | the S3 server is down, or its keys are wrong | fix it, then clear the partitions that failed |
"""  # noqa: E501  # A row of a table has to be a line.

from collections.abc import Mapping
from typing import Any

from airflow.sdk import DAG, Param, dag, task

from pressmark.airflow.dag_defaults import dag_options, partition_params, sites
from pressmark.airflow.pools import PARTITIONS_POOL
from pressmark.airflow.retries import RETRIES
from pressmark.sites.site import Site


def rederive(site: Site) -> DAG:
    """Return the DAG of one site."""

    @dag(
        **dag_options("rederive", site),
        description=f"Articles of {site.title} re-read from their captures",
        doc_md=__doc__,
        schedule=None,
        params={
            **partition_params(),
            "write": Param(
                False,
                type="boolean",
                title="Write",
                description="Publish documents that differ, beside the existing ones",
            ),
        },
    )
    def of_site() -> None:
        @task(retry_policy=RETRIES, retries=2)
        def plan(params: Any = None) -> list[str]:
            """Divide the archive."""
            from pressmark.airflow.tasks.partitions import divide  # noqa: PLC0415  # It brings boto3.

            return [str(each) for each in divide(site, params)]

        @task(
            task_id="portion",
            retry_policy=RETRIES,
            retries=2,
            pool=PARTITIONS_POOL,
            map_index_template="{{ task.op_kwargs.days }}",
        )
        def rederive_days(days: str, params: Any = None) -> dict[str, Any]:
            """Re-read the documents of these days."""
            from pressmark.airflow.tasks.rederive import rederive_partition  # noqa: PLC0415  # It brings Scrapy.

            return rederive_partition(site, days, write=params["write"])

        @task(retry_policy=RETRIES, retries=1)
        def report(done: list[Mapping[str, Any]]) -> dict[str, Any]:
            """Add up the results of all partitions."""
            from pressmark.airflow.tasks.rederive import report as report_all  # noqa: PLC0415  # It brings Scrapy.

            return report_all(done)

        report(rederive_days.expand(days=plan()))  # type: ignore[arg-type]  # A list, once it has run.

    return of_site()


for each in sites().values():
    rederive(each)
