"""Reads all articles of a site anew from their captures: what would a page class of today make of them?

**How to use it.** Trigger it as it is behind a change of a page class, and read in *report* how many documents would differ, and in which fields; the log of
each portion names some. Then trigger it with *write*: corrected versions are published under `corrections/`, and what was published stays. Nothing is
asked of the site.

**What it does.** *plan* divides the archive into portions of some days by the sizes of their segments; each *portion* is read by whatever worker is free;
*report* adds up.

**Parameters.** `since`, `until`: days of the crawls, UTC; the whole archive, if they are left out. `write`: publish corrected versions. `megabytes`: segments
of a portion, about.

**When it fails**

| message | what it means | what to do |
|---|---|---|
| `were not corrected: Raise LAYOUT` | a page class reads otherwise than before under the name it had (or somebody edited the document) | give it a new name, deploy it, trigger it again |
| `can't be read anew` | documents or captures are damaged or gone; all others are done | trigger *audit*, which says which and why |
| `BucketUnreachable`, `BucketRefused` | the S3 server is down, or its keys are wrong | mend it, then clear the portions that failed |
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
        description=f"Articles of {site.title} read anew from their captures",
        doc_md=__doc__,
        schedule=None,
        params={
            **partition_params(),
            "write": Param(
                False, type="boolean", title="Write", description="Publish what differs, beside what is there"
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
            """Read the documents of these days anew."""
            from pressmark.airflow.tasks.rederive import rederive_partition  # noqa: PLC0415  # It brings Scrapy.

            return rederive_partition(site, days, write=params["write"])

        @task(retry_policy=RETRIES, retries=1)
        def report(done: list[Mapping[str, Any]]) -> dict[str, Any]:
            """Add up what came of all portions."""
            from pressmark.airflow.tasks.rederive import report as report_all  # noqa: PLC0415  # It brings Scrapy.

            return report_all(done)

        report(rederive_days.expand(days=plan()))  # type: ignore[arg-type]  # A list, once it has run.

    return of_site()


for each in sites().values():
    rederive(each)
