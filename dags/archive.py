"""Archives one section of a news site: what is new on its listing becomes part of the bucket.

**What it does.** *recover* publishes what a killed run left on this machine. *crawl* reads the listing and every article
that is new or due for another visit; each page is captured in a WARC segment first and published as a JSON version then.
*verify* reads back all that the run says it left in the bucket. *report* tells the counts and updates the asset that
downstream DAGs wait for. *alarms* looks at the last runs behind the crawl, whatever became of it, and tells whom it should.

**Parameters.** `pages`: how many listing pages to visit at most. `recheck`: do not stop where nothing is new, and
visit every article again; finds updates of old articles and silent edits.

**When it fails**

| message | what it means | what to do |
|---|---|---|
| `LayoutChanged` | a listing has fewer entries than its site promises, or no article can be read | look at the page; adapt its page class, or `expect` in the site file |
| `CrawlRefused` | robots.txt or a 403 says no; it is not tried again | do not insist: ask the site |
| `RunFailed` | the listing could not be had, too much was left unread, or robots.txt is unreachable (then nothing may be asked) | it is tried again by itself; look at the site in a browser |
| `BucketUnreachable`, `BucketRefused` | the S3 server is down, or its keys are wrong | mend it; what was captured waits in the spool, and the next run publishes it |
| the crawl was stopped: its time limit was over | the site is slow, or there is more to read than fits | it goes on by itself where it ended; if it always ends so, raise `deadline` or `time_limit` in the site file |
| `HostBusy` | another crawl of this site goes on | it is tried again by itself |
| `SpoolError` | the disk of this machine is full or can't be written | make room in `PRESSMARK_SPOOL` |
| findings in *verify* | an object is missing, damaged or points to the wrong record | `pressmark verify SITE/SECTION --run ID --full` lists them |
| *alarms* failed | somebody could not be told; the archive is none the worse | mend the SMTP or Slack connection, then clear the task |
| the crawl left no result | *crawl* was marked as success by hand | clear it with what follows it (*Downstream*) |
| what follows it is done | *crawl* was cleared alone: what follows would tell of the crawl before | clear it with what follows it (*Downstream*) |
| the run took too long | it went on for twelve deadlines, or its logical date lies ahead: Airflow ended it, and it was told | the next run goes on where it ended |

A run that was stopped or killed loses nothing: the next one goes on where it ended. A run that takes longer than its
section allows is told as late, and ended in the end. To mark a run as failed ends it at once. The tab *Archive* of a run shows each article and what became of it.
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
                description="Every listing page up to the bound, and every article on them",
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
            from pressmark.airflow.alerts.site import notify_findings  # noqa: PLC0415  # It brings the receivers.
            from pressmark.airflow.tasks.archive import verify_crawl  # noqa: PLC0415  # It brings boto3.

            verify_crawl(crawled, partial(notify_findings, site.site, get_current_context()))

        @task(outlets=[asset])
        def report(crawled: dict[str, Any], *, outlet_events: Any = None) -> None:
            """Tell what the run did, to people and to the asset's consumers."""
            from pressmark.airflow.tasks.archive import report_crawl  # noqa: PLC0415  # It brings boto3.

            outlet_events[asset].extra = report_crawl(crawled)

        # Whatever became of the crawl. It is no teardown: to mark a run as failed would not end it then, and a run of
        # which all was skipped would succeed by its teardown.
        @task(trigger_rule="all_done", retry_policy=RETRIES, retries=2, retry_delay=timedelta(minutes=1))
        def alarms() -> list[dict[str, Any]]:
            """Tell what is wrong with this section."""
            from pressmark.airflow.alerts.section import watch_section  # noqa: PLC0415  # It brings boto3.

            return watch_section(f"{site.site}/{name}", get_current_context())

        # A task is typed as the function it wraps; called in a DAG it takes what is still to come.
        recover() >> crawl >> verify(crawl.output) >> report(crawl.output)  # type: ignore[arg-type]
        crawl >> alarms()

    return of_section()


for each in sites().values():
    for path in each.enabled:
        archive(each, path)
