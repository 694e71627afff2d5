"""Archives one section of a news site: what is new on its listing becomes part of the bucket.

**What it does.** *crawl* reads the listing and every article that is new or was updated; each page is captured in a
WARC segment first and published as a JSON version then. *verify* reads back all that the run says it left in the
bucket. *report* tells the counts and updates the asset that downstream DAGs wait for.

**Parameters.** `pages`: how many listing pages to visit at most. `recheck`: do not stop where nothing is new, and
visit every article again; finds updates of old articles and silent edits.

**When it fails**

| message | what it means | what to do |
|---|---|---|
| `LayoutChanged` | a listing has fewer entries than its site promises | look at the page; adapt its page class, or `expect` in the site file |
| `CrawlRefused` | robots.txt or a 403 says no | do not insist: ask the site |
| `BucketUnreachable`, `BucketRefused` | the S3 server is down, or its keys are wrong | mend it; what was captured waits in the spool, and the next run publishes it |
| `HostBusy` | another crawl of this site goes on | it is tried again by itself |
| findings in *verify* | an object is missing, damaged or points to the wrong record | `pressmark verify SITE/SECTION --run ID --full` lists them |

A run that was stopped or killed loses nothing: the next one goes on where it ended.
"""  # noqa: E501  # A row of a table has to be a line.

import os
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import DAG, Asset, Param, dag, task

from apps import dag_ids
from apps.airflow_pools import pool_of
from apps.crawl_operator import CrawlOperator
from pressmark.config import Config
from pressmark.site import Site, load_sites

START = datetime(2026, 1, 1, tzinfo=UTC)
CONFIG = Config.from_env(os.environ)


def archive(site: Site, name: str) -> DAG:
    """Return the DAG of one section."""
    section = site.sections[name]
    slug = dag_ids.slug(site.site, name)
    articles = Asset(f"articles_{slug}", uri=f"s3://{CONFIG.bucket}/articles/{site.site}/?section={name}")

    @dag(
        dag_id=f"archive_{slug}",
        dag_display_name=f"Archive {site.title}: {section.name}",
        description=f"{site.origin}{section.path} into the bucket",
        doc_md=__doc__,
        schedule=section.schedule,
        start_date=START,
        catchup=False,
        max_active_runs=1,
        render_template_as_native_obj=True,
        default_args={"owner": "pressmark"},
        tags=["archive", site.site, name],
        params={
            "pages": Param(section.pages, type="integer", minimum=1, description="Listing pages to visit at most"),
            "recheck": Param(
                False, type="boolean", description="Visit every listing page up to the bound and every article again"
            ),
        },
    )
    def of_section() -> None:
        crawl = CrawlOperator(
            task_id="crawl",
            section=f"{site.site}/{name}",
            pages="{{ params.pages }}",
            recheck="{{ params.recheck }}",
            pool=pool_of(site.site),
            retries=3,
            retry_delay=timedelta(minutes=1),
            retry_exponential_backoff=2,
            max_retry_delay=timedelta(minutes=30),
        )

        @task(retries=2, retry_delay=timedelta(minutes=1))
        def verify(crawled: dict[str, Any]) -> None:
            """Read back every object of this run."""
            from apps.archive_tasks import verify_crawl  # noqa: PLC0415  # It brings boto3.

            verify_crawl(crawled)

        @task(outlets=[articles])
        def report(crawled: dict[str, Any], *, outlet_events: Any = None) -> None:
            """Tell what the run did, to people and to the asset's consumers."""
            from apps.archive_tasks import report_crawl  # noqa: PLC0415  # It brings boto3.

            outlet_events[articles].extra = report_crawl(crawled)

        # A task is typed as the function it wraps; called in a DAG it takes what is still to come.
        verify(crawl.output) >> report(crawl.output)  # type: ignore[arg-type]

    return of_section()


for each in load_sites(CONFIG.sites).values():
    for path in each.sections:
        archive(each, path)
