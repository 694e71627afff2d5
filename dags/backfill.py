"""Archives older articles of a section than its schedule reads: by listing pages or by days.

**How to use it.** Trigger it with the listing page to *begin with* and *how many* to read from there on; or with a day (as in the
articles' URLs) and how many days. A
backfill requests only articles that are not in the bucket yet: trigger it again, and it goes on where it ended. Days are better than pages
for that: articles move on to later pages as news arrives, and the pages of a day are searched again each time. (For the same reason a chunk that is cleared days later
reads other articles.)

**What it does.** *plan* reads the form. *find* searches for the listing pages of the days. *chunks* divides the
pages into chunks of some minutes; each *chunk* is crawled and verified on its own, newest pages first: articles published meanwhile move
others to later pages, where the crawl meets them again, so it misses none. *report* adds up the results. The tab *Archive* of a run shows every
chunk's articles while it runs.

**It does not delay the schedule.** Only one crawl at a time requests pages of a host (the pool `host_SITE`), and the schedule has priority: it waits for
the running chunk, and for no second one. `requests_per_minute` can slow the crawl down, but never exceed the rate that the site file allows.

**When it fails**

| message | what it means | what to do |
|---|---|---|
| `UsageError` in *plan* | the form names both pages and days, or neither, or the wrong way round | correct the form, and trigger it again |
| *find* found nothing | no listing page holds articles of these days | the listing may not go back that far |
| `LayoutChanged` in a chunk | older pages look different | look at the page; a layout of its own may be needed (`docs/sites.md`) |
| `CrawlRefused` | robots.txt, a 403 or a long `Retry-After` forbids it; later chunks are not requested | do not force it: ask the site |
| `RunFailed`: articles could not be fetched | the site did not answer for them; all others are in the bucket | nothing, it is tried again; if it still fails, trigger the backfill again |
| *report* says chunks are missing | they failed, or could not be verified; the others are complete | trigger the backfill again: it requests only what is missing |
"""  # noqa: E501  # A row of a table has to be a line.

from typing import Any

from airflow.sdk import DAG, Param, dag, get_current_context, task, task_group

from pressmark.airflow.dag_defaults import PRIORITY_BACKFILL, articles, crawl_options, dag_options, sites
from pressmark.airflow.operators.chunk import ChunkOperator
from pressmark.airflow.operators.crawl import CrawlOperator
from pressmark.airflow.retries import RETRIES
from pressmark.sites.site import Site

DEFAULT_RATE = 20
"""Requests per minute."""
MOST = 1000
"""Pages or days of one run: with more pages a chunk would keep the schedule waiting for too long."""
PAGE_OR_DAY: dict[str, Any] = {
    "type": "string",
    "anyOf": [
        {"pattern": r"^([1-9]\d{0,5}|1000000)$(?!\n)"},
        {"pattern": r"^\d{4}-\d\d-\d\d$(?!\n)", "format": "date"},
    ],
}


def backfill(site: Site, name: str) -> DAG:
    """Return the DAG of one section."""
    section = f"{site.site}/{name}"
    asset = articles(site, name)

    @dag(
        **dag_options("backfill", site, name),
        description=f"Older articles of {site.origin}{site.sections[name].path} into the bucket",
        doc_md=__doc__,
        schedule=None,
        params={
            "first": Param(
                "",
                **PAGE_OR_DAY,
                title="Begin with",
                description="A listing page (1 is the newest), or a day in the articles' URLs, e.g. 2022-02-01",
            ),
            "number": Param(
                1,
                type="integer",
                minimum=1,
                maximum=MOST,
                title="How many",
                description="Number of pages from there on, going back in time; or of days",
            ),
            "requests_per_minute": Param(
                DEFAULT_RATE,
                type="integer",
                minimum=1,
                maximum=6000,
                title="Requests per minute",
                description="At most; the site file's delay holds as well",
            ),
        },
    )
    def of_section() -> None:
        @task.branch
        def plan(params: Any = None, ti: Any = None) -> str:
            """Read the form, and choose whether pages must be found first."""
            from pressmark.airflow.tasks.backfill import BackfillRange  # noqa: PLC0415  # Parsing stays light.

            days = BackfillRange.of(params).days
            for name, day in zip(("since", "until"), days or (), strict=False):
                ti.xcom_push(key=name, value=day.isoformat())
            return "find" if days else "chunks"

        find = CrawlOperator(
            task_id="find",
            section=section,
            scope={"find_pages": True, **DAYS, "rate": RATE},
            **crawl_options(site, PRIORITY_BACKFILL),
        )

        @task(trigger_rule="none_failed_min_one_success")
        def chunks(params: Any = None, ti: Any = None) -> list[str]:
            """Divide the pages."""
            from pressmark.airflow.tasks.backfill import plan_chunks  # noqa: PLC0415  # Parsing stays light.

            return plan_chunks(site, params, ti.xcom_pull(task_ids="find"))

        @task_group
        def chunk(pages: str) -> None:
            crawl = ChunkOperator(
                task_id="crawl",
                section=section,
                scope={"backfill": pages, **DAYS, "rate": RATE},
                map_index_template="pages {{ task.scope.backfill }}",
                **crawl_options(site, PRIORITY_BACKFILL),
            )

            @task(retry_policy=RETRIES, retries=2)
            def verify(crawled: dict[str, Any]) -> dict[str, Any]:
                """Read back every object of this chunk, and return the crawl's result."""
                from pressmark.airflow.tasks.archive import verify_crawl  # noqa: PLC0415  # It brings boto3.

                verify_crawl(crawled)
                return crawled

            verify(crawl.output)  # type: ignore[arg-type]  # As in archive.py.

        @task(trigger_rule="all_done", outlets=[asset])
        def report(planned: list[str], *, outlet_events: Any = None) -> None:
            """Add up what the chunks brought, and fail if one is missing."""
            from pressmark.airflow.tasks.backfill import report_chunks  # noqa: PLC0415  # It brings boto3.

            of_all = range(len(planned or ()))  # Explicit indexes: otherwise a single result comes without its list.
            crawled = get_current_context()["ti"].xcom_pull(task_ids="chunk.verify", map_indexes=of_all)
            outlet_events[asset].extra = report_chunks(planned, crawled)

        planned = chunks()
        planning = plan()
        planning >> find >> planned
        planning >> planned
        chunk.expand(pages=planned) >> report(planned)  # type: ignore[arg-type]

    return of_section()


RATE = "{{ params.requests_per_minute }}"
DAYS = {name: f"{{{{ ti.xcom_pull(task_ids='plan', key='{name}') }}}}" for name in ("since", "until")}
"""None, if the form names pages."""

for each in sites().values():
    for path in each.enabled:
        backfill(each, path)
