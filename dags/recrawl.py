"""Captures and publishes one article now: by its URL, or by its id if it is known.

**How to use it.** Trigger it with the article's address, on the site or in a listing, or with its id. It has priority over everything else that
waits for this site, and sends an unconditional request: the current page is captured, and published if it is new or was edited.

**When it fails**

| message | what it means | what to do |
|---|---|---|
| `UsageError` | the address is not on this site, or the id is not in the bucket | give the article's URL |
| `RunFailed` | the article could not be fetched, or the page can't be read as an article; the message says why | look at the page, and at the tab *Archive* of this run |
| `CrawlRefused` | robots.txt or a 403 forbids it | do not force it: ask the site |
"""  # noqa: E501  # A row of a table has to be a line.

from typing import Any

from airflow.sdk import DAG, Param, dag, task

from pressmark.airflow.dag_defaults import PRIORITY_ASKED, articles, crawl_options, dag_options, sites
from pressmark.airflow.operators.crawl import CrawlOperator
from pressmark.airflow.retries import RETRIES
from pressmark.sites.site import LONGEST_URL, Site


def recrawl(site: Site) -> DAG:
    """Return the DAG of one site: the pool must be known before the article is."""
    assets = {f"{site.site}/{name}": articles(site, name) for name in site.enabled}

    @dag(
        **dag_options("recrawl_article", site),
        description=f"One article of {site.origin}, now",
        doc_md=__doc__,
        schedule=None,
        params={
            "article": Param(
                "",
                type="string",
                minLength=1,
                maxLength=LONGEST_URL,
                # A password in a URL would appear in logs.
                pattern=r"^(https?://[^/\s@]+/\S*|[A-Za-z0-9_-]+)$(?!\n)",
                title="Article",
                description="Its URL, without a user or password; or its id, if it is in the bucket",
            ),
            "section": Param(
                next(iter(assets)),
                type="string",
                enum=list(assets),
                title="Section",
                description="The section it belongs to",
            ),
        },
    )
    def of_site() -> None:
        @task
        def find(params: Any = None) -> str:
            """Return the article's URL."""
            from pressmark.airflow.tasks.archive import article_url  # noqa: PLC0415  # It brings boto3.

            return article_url(site, params["article"])

        crawl = CrawlOperator(
            task_id="crawl",
            section="{{ params.section }}",
            scope={"article": find()},
            **crawl_options(site, PRIORITY_ASKED) | {"retries": 1},
        )

        @task(retry_policy=RETRIES, retries=2)
        def verify(crawled: dict[str, Any]) -> None:
            """Read back every object of this run."""
            from pressmark.airflow.tasks.archive import verify_crawl  # noqa: PLC0415  # It brings boto3.

            verify_crawl(crawled)

        @task(outlets=list(assets.values()))
        def report(crawled: dict[str, Any], *, params: Any = None, outlet_events: Any = None) -> None:
            """Report the article's outcome."""
            from pressmark.airflow.tasks.archive import report_crawl  # noqa: PLC0415  # It brings boto3.

            outlet_events[assets[params["section"]]].extra = report_crawl(crawled)

        verify(crawl.output) >> report(crawl.output)  # type: ignore[arg-type]  # As in archive.py.

    return of_site()


for each in sites().values():
    recrawl(each)
