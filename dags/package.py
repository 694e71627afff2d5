"""Makes of a site's archive what its readers want: a file a day for analytics, and one index for replay.

**What it does.** It starts when a section of the site has been archived. *export* writes each day whose versions changed as Parquet and JSON
Lines; *index* merges the segments' indexes into one a month; *wacz* puts the segments of each day into one file that replays by itself, today's
once an hour. Each goes on where it ended, so nothing is lost when it fails or is left out for a week.

**When it fails**

| message | what it means | what to do |
|---|---|---|
| `BucketUnreachable`, `BucketRefused` | the S3 server is down, or its keys are wrong | mend it; the next run makes up for it |
| `FindingsFound` | a document, an index or a segment is not what it should be | `pressmark verify SITE --full` says which |
| *alarms* failed | another task has, and recipients were notified; or a recipient could not be reached | see that task; fix the SMTP or Slack connection |
| `No space left on device` | a package is built on the worker's disk: the day's segments, and the largest of them once more | make room, or set `TMPDIR` |
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
            """Package the days of which segments have arrived."""
            from pressmark.airflow.tasks.package import package_site  # noqa: PLC0415  # It brings boto3.

            return package_site(site)

        @task(trigger_rule="all_done", retry_policy=RETRIES, retries=2, retry_delay=timedelta(minutes=1))
        def alarms() -> None:
            """Notify recipients if a task of this run failed; the run has then failed, too."""
            from pressmark.airflow.alerts.site import watch_run  # noqa: PLC0415  # It brings the receivers.

            watch_run(site.site, get_current_context(), enough=2)

        [export(), index(), wacz()] >> alarms()

    return of_site()


for each in sites().values():
    package(each)
