"""Reads a site's whole archive back, once a week: is everything there, and does it still say what was published?

**What it does.** Every object that a manifest lists is read and compared with its SHA-256, every WARC record with its digests, every pointer with what it points
to. A sample of versions is read anew from its captures and compared with what was published. The result lies in the bucket under
`audits/`; the link *Audit* of the task shows it.

**Parameters.** `sample`: how many versions are read anew.

**When it fails**

| message | what it means | what to do |
|---|---|---|
| findings | an object is missing or damaged, or a version can't be read anew | the artifact lists all; restore the object's earlier version in S3 (versioning keeps it), then clear the task |
| `BucketUnreachable`, `BucketRefused` | the S3 server is down, or its keys are wrong | mend it, then clear the task |
"""  # noqa: E501  # A row of a table has to be a line.

from datetime import timedelta

from airflow.sdk import DAG, Param, dag

from apps.audit_operator import AuditOperator
from apps.dag_names import dag_options, sites
from pressmark.site import Site

SUNDAY_NIGHT = "17 3 * * 0"
SAMPLE = 50


def audit(site: Site) -> DAG:
    """Return the DAG of one site."""

    @dag(
        **dag_options("audit", site),
        description=f"Reads the whole archive of {site.title} back",
        doc_md=__doc__,
        schedule=SUNDAY_NIGHT,
        params={"sample": Param(SAMPLE, type="integer", minimum=0, description="Versions to read anew")},
    )
    def of_site() -> None:
        AuditOperator(
            task_id="audit",
            site=site.site,
            sample="{{ params.sample }}",
            retries=1,
            retry_delay=timedelta(minutes=10),
            execution_timeout=timedelta(hours=24),
        )

    return of_site()


for each in sites():
    audit(each)
