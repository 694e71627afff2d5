"""Makes of a site's archive what its readers want: a file a day for analytics, and one index for replay.

**What it does.** It starts when a section of the site has been archived. *export* writes each day whose versions changed as Parquet and JSON
Lines; *index* merges the segments' indexes into one a month. Each goes on where it ended, so nothing is lost when it fails or is left out for a week.

**When it fails**

| message | what it means | what to do |
|---|---|---|
| `BucketUnreachable`, `BucketRefused` | the S3 server is down, or its keys are wrong | mend it; the next run makes up for it |
| `FindingsFound` | a document or an index is not what it should be | `pressmark verify SITE --full` says which |
"""  # noqa: E501  # A row of a table has to be a line.

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, AssetAny, dag, task

from apps.dag_names import articles, dag_options, sites
from pressmark.site import Site


def package(site: Site) -> DAG:
    """Return the DAG of one site."""

    @dag(
        **dag_options("package", site),
        description=f"Daily exports and the merged index of {site.title}",
        doc_md=__doc__,
        schedule=AssetAny(*(articles(site, name) for name in site.sections)),
    )
    def of_site() -> None:
        @task(retries=3, retry_delay=timedelta(minutes=5))
        def export() -> dict[str, Any]:
            """Write the days that changed."""
            from apps.package_tasks import export_site  # noqa: PLC0415  # It brings boto3 and pyarrow.

            return export_site(site)

        @task(retries=3, retry_delay=timedelta(minutes=5))
        def index() -> dict[str, Any]:
            """Merge what is new into the months' indexes."""
            from apps.package_tasks import index_site  # noqa: PLC0415  # It brings boto3.

            return index_site(site)

        export()
        index()

    return of_site()


for each in sites():
    package(each)
