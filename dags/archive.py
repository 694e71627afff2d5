"""Archives one section of a news site: what is new on its listing becomes part of the bucket.

**What it does.** *recover* publishes what a killed run left on this machine. *crawl* reads the listing and every article
that is new or due for another visit; each page is first captured in a WARC segment and then published as a JSON version.
*verify* reads back every object that the run's manifest lists. *report* logs the counts and updates the asset that
downstream DAGs wait for. *alarms* runs whether or not the crawl succeeded: it judges the last runs and notifies recipients.

**Parameters.** `pages`: how many listing pages to visit at most. `recheck`: do not stop where nothing is new, and
visit every article again; finds updates of old articles and silent edits.

**When it fails**

| message | what it means | what to do |
|---|---|---|
| `LayoutChanged` | a listing has fewer entries than its site promises, or no article can be read | look at the page; adapt its page class, or `expect` in the site file |
| `CrawlRefused` | robots.txt or a 403 forbids it; it is not tried again | do not force it: ask the site |
| `RunFailed` | the listing could not be fetched, too many articles failed, or robots.txt is unreachable (then no page may be requested) | nothing, it is tried again; look at the site in a browser |
| `BucketUnreachable`, `BucketRefused` | the S3 server is down, or its keys are wrong | fix it; what was captured waits in the spool, and the next run publishes it |
| the crawl was stopped: its time limit was over | the site is slow, or there is more to read than fits | nothing, the next run goes on from there; if it happens every time, raise `deadline` or `time_limit` in the site file |
| `HostBusy` | another crawl of this site is running | nothing, it is tried again |
| `SpoolError` | the disk of this machine is full or can't be written | make room in `PRESSMARK_SPOOL` |
| findings in *verify* | an object is missing, damaged or points to the wrong record | `pressmark verify SITE/SECTION --run ID --full` lists them |
| *alarms* failed | a recipient could not be notified; the archive is not affected | fix the SMTP or Slack connection, then clear the task |
| the crawl left no result | *crawl* was marked as success by hand | clear it with what follows it (*Downstream*) |
| `would report the previous crawl` | *crawl* was cleared alone, and the tasks after it are done | clear it with what follows it (*Downstream*) |
| the run took too long | it ran for twelve deadlines, or its logical date is in the future: Airflow ended it and recipients were notified | nothing, the next run goes on where it ended |

A run that was stopped or killed loses nothing: the next one goes on where it ended. A run that misses its section's
deadline is reported as late, and ended after twelve deadlines. To end it at once, mark it as failed. The tab *Archive* of a run shows each article and its outcome.
"""  # noqa: E501  # A row of a table has to be a line.

from datetime import timedelta
from functools import partial
from typing import Any

from airflow.sdk import DAG, Param, dag, get_current_context, task

from pressmark.airflow.dag_defaults import (
    PRIORITY_SCHEDULE,
    articles,
    crawl_options,
    dag_options,
    deadline,
    failure_callbacks,
    sites,
)
from pressmark.airflow.operators.crawl import CrawlOperator
from pressmark.airflow.retries import RETRIES
from pressmark.sites.site import MOST_PAGES, Site


def archive(site: Site, name: str) -> DAG:
    """Return the DAG of one section."""
    section = site.sections[name]
    asset = articles(site, name)
    dag_callbacks, task_callbacks = failure_callbacks(f"{site.site}/{name}")

    @dag(
        **dag_options("archive", site, name),
        **dag_callbacks,
        description=f"{site.origin}{section.path} into the bucket",
        doc_md=__doc__,
        schedule=section.schedule,
        deadline=deadline(site, name),
        params={
            "pages": Param(
                section.pages,
                type="integer",
                minimum=1,
                maximum=MOST_PAGES,
                title="Listing pages",
                description="How many to visit at most",
            ),
            "recheck": Param(
                False,
                type="boolean",
                title="Visit everything again",
                description="Every listing page up to the page limit, and every article on them",
            ),
        },
    )
    def of_section() -> None:
        @task(**crawl_options(site, PRIORITY_SCHEDULE), **task_callbacks)  # type: ignore[untyped-decorator]  # Its options are not known one by one.
        def recover() -> None:
            """Publish what killed runs left on this machine."""
            from pressmark.airflow.tasks.archive import recover_site  # noqa: PLC0415  # It brings boto3.

            recover_site(site)

        crawl = CrawlOperator(
            task_id="crawl",
            section=f"{site.site}/{name}",
            scope={"pages": "{{ params.pages }}", "recheck": "{{ params.recheck }}"},
            **crawl_options(site, PRIORITY_SCHEDULE),
            **task_callbacks,
        )

        @task(retry_policy=RETRIES, retries=2, retry_delay=timedelta(minutes=1))
        def verify(crawled: dict[str, Any]) -> None:
            """Read back every object of this run."""
            from pressmark.airflow.alerts.site import notify_findings  # noqa: PLC0415  # It imports the notifiers.
            from pressmark.airflow.tasks.archive import verify_crawl  # noqa: PLC0415  # It brings boto3.

            verify_crawl(crawled, partial(notify_findings, site.site, get_current_context()))

        @task(outlets=[asset])
        def report(crawled: dict[str, Any], *, outlet_events: Any = None) -> None:
            """Log the run's counts, and pass them on with the asset's event."""
            from pressmark.airflow.tasks.archive import report_crawl  # noqa: PLC0415  # It brings boto3.

            outlet_events[asset].extra = report_crawl(crawled)

        # It runs after a failed crawl, too. It is no teardown task: then marking a run as failed would not end it, and
        # a run with all other tasks skipped would succeed.
        @task(trigger_rule="all_done", retry_policy=RETRIES, retries=2, retry_delay=timedelta(minutes=1))
        def alarms() -> list[dict[str, Any]]:
            """Notify recipients of what is wrong with this section."""
            from pressmark.airflow.alerts.section import watch_section  # noqa: PLC0415  # It brings boto3.

            return watch_section(f"{site.site}/{name}", get_current_context())

        # A task has the type of the function it wraps; in a DAG it takes a result that does not exist yet.
        recover() >> crawl >> verify(crawl.output) >> report(crawl.output)  # type: ignore[arg-type]
        crawl >> alarms()

    return of_section()


for each in sites().values():
    for path in each.enabled:
        archive(each, path)
