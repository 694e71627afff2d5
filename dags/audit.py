"""Reads a site's whole archive back, once a week: is everything there, and does it still say what was published?

**What it does.** *plan* divides the archive into partitions of some days by the sizes of their segments. *look* checks one partition: every object that a
manifest lists against its SHA-256, every WARC record against its digests, every pointer against its record, and the packages of the days. *survey* re-reads a
sample of versions from their captures and compares them with what was published; in an audit of the whole archive, it also lists objects that are in no
manifest. *audit* adds up the results and writes them to the bucket under `audits/`; its link *Audit* shows them.

**Parameters.** `sample`: how many versions are re-read. `since`, `until`: days of the crawls, UTC; empty: the whole archive. `megabytes`: approximate size of a
partition's segments.

**When it fails**

| message | what it means | what to do |
|---|---|---|
| findings | an object is missing or damaged, or a version can't be re-read | the result lists 1,000 of them, the logs of *look* all; restore the objects' earlier versions in S3 (versioning keeps them), then trigger it again |
| *alarms* failed | another task has, and recipients were notified; or a recipient could not be reached | see that task; fix the SMTP or Slack connection |
| `BucketUnreachable`, `BucketRefused` | the S3 server is down, or its keys are wrong | fix it, then clear the partitions that failed |
"""  # noqa: E501  # A row of a table has to be a line.

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, Param, dag, get_current_context, task

from pressmark.airflow.dag_defaults import dag_options, partition_params, sites
from pressmark.airflow.operators.audit import AuditOperator
from pressmark.airflow.pools import PARTITIONS_POOL
from pressmark.airflow.retries import RETRIES
from pressmark.sites.site import Site

SUNDAY_NIGHT = "17 3 * * 0"
SAMPLE = 50
RETRY_DELAY = timedelta(minutes=10)


def audit(site: Site) -> DAG:
    """Return the DAG of one site."""

    @dag(
        **dag_options("audit", site),
        description=f"Reads the whole archive of {site.title} back",
        doc_md=__doc__,
        schedule=SUNDAY_NIGHT,
        params={
            **partition_params(),
            "sample": Param(
                SAMPLE,
                type="integer",
                minimum=0,
                maximum=1_000_000,
                title="Sample",
                description="Versions to re-read from their captures",
            ),
        },
    )
    def of_site() -> None:
        @task(retry_policy=RETRIES, retries=1, retry_delay=RETRY_DELAY)
        def plan(params: Any = None) -> list[dict[str, Any]]:
            """Divide the archive."""
            from pressmark.airflow.tasks.audit import plan as plan_audit  # noqa: PLC0415  # It brings boto3.

            return plan_audit(site, params)

        @task(
            task_id="look",
            retries=1,
            retry_policy=RETRIES,
            retry_delay=RETRY_DELAY,
            pool=PARTITIONS_POOL,
            map_index_template="{{ task.op_kwargs.days }}",
            execution_timeout=timedelta(hours=12),
        )
        def check_partition(days: str, listed: int, dag_run: Any = None) -> dict[str, Any]:
            """Check what is stored of these days."""
            from pressmark.airflow.tasks.audit import check_partition as check_one  # noqa: PLC0415  # It brings boto3.

            return check_one(site, days, listed, dag_run.run_after)

        @task(
            task_id="survey",
            retries=1,
            retry_policy=RETRIES,
            retry_delay=RETRY_DELAY,
            execution_timeout=timedelta(hours=12),
        )
        def check_global(params: Any = None, dag_run: Any = None) -> dict[str, Any]:
            """Re-read a sample, and look for objects that are in no manifest."""
            from pressmark.airflow.tasks.audit import check_global as check_all  # noqa: PLC0415  # It brings boto3.

            return check_all(site, params, dag_run.run_after)

        @task(trigger_rule="all_done", retry_policy=RETRIES, retries=2, retry_delay=timedelta(minutes=1))
        def alarms() -> None:
            """Notify recipients if a task of this run failed; the run has then failed, too."""
            from pressmark.airflow.alerts.site import watch_run  # noqa: PLC0415  # It imports the notifiers.

            watch_run(site.site, get_current_context(), enough=1)

        audit_of_site = AuditOperator(
            task_id="audit",
            site=site,
            partition_results=check_partition.expand_kwargs(plan()),
            global_result=check_global(),
            retries=1,
            retry_policy=RETRIES,
            retry_delay=RETRY_DELAY,
        )
        audit_of_site >> alarms()

    return of_site()


for each in sites().values():
    audit(each)
