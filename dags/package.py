"""Makes files for readers of a site's archive: exports for analytics, and an index and packages for replay.

**What it does.** It starts after a section of the site has been archived. *export* writes each day with new versions as Parquet and JSON
Lines; *index* merges the segments' indexes into one per month; *wacz* packages the segments of each day as one WACZ file, today's at most
once an hour. Each task goes on where it ended, so nothing is lost if it fails or does not run for a week.

**When it fails**

| message | what it means | what to do |
|---|---|---|
| `BucketUnreachable`, `BucketRefused` | the S3 server is down, or its keys are wrong | fix it; the next run catches up |
| `FindingsFound` | a document, an index or a segment is damaged | `pressmark verify SITE --full` says which |
| *alarms* failed | another task has, and recipients were notified; or a recipient could not be reached | see that task; fix the SMTP or Slack connection |
| `No space left on device` | a package is built on the worker's disk: it needs room for the day's segments, and for the largest of them twice | make room, or set `TMPDIR` |
"""  # noqa: E501  # A row of a table has to be a line.

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, AssetAny, dag, get_current_context, task

from pressmark.airflow.dag_defaults import articles, dag_options, sites
from pressmark.airflow.retries import RETRIES
from pressmark.sites.site import Site


def package(site: Site) -> DAG:
    """Return the DAG of one site."""

    @dag(
        **dag_options("package", site),
        description=f"Daily exports, the merged index and packages of {site.title}",
        doc_md=__doc__,
        schedule=AssetAny(*(articles(site, name) for name in site.enabled)),
    )
    def of_site() -> None:
        @task(retry_policy=RETRIES, retries=3, retry_delay=timedelta(minutes=5))
        def export() -> dict[str, Any]:
            """Write the days that changed."""
            from pressmark.airflow.tasks.package import export_site  # noqa: PLC0415  # It brings boto3 and pyarrow.

            return export_site(site)

        @task(retry_policy=RETRIES, retries=3, retry_delay=timedelta(minutes=5))
        def index() -> dict[str, Any]:
            """Merge what is new into the months' indexes."""
            from pressmark.airflow.tasks.package import index_site  # noqa: PLC0415  # It brings boto3.

            return index_site(site)

        @task(retry_policy=RETRIES, retries=3, retry_delay=timedelta(minutes=5))
        def wacz() -> dict[str, Any]:
            """Package the days with new segments."""
            from pressmark.airflow.tasks.package import package_site  # noqa: PLC0415  # It brings boto3.

            return package_site(site)

        @task(trigger_rule="all_done", retry_policy=RETRIES, retries=2, retry_delay=timedelta(minutes=1))
        def alarms() -> None:
            """Notify recipients if a task of this run failed; the run has then failed, too."""
            from pressmark.airflow.alerts.site import watch_run  # noqa: PLC0415  # It imports the notifiers.

            watch_run(site.site, get_current_context(), enough=2)

        [export(), index(), wacz()] >> alarms()

    return of_site()


for each in sites().values():
    package(each)
