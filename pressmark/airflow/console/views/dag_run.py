"""The crawls of a DAG run: its tries, or the chunks of a backfill. Their run ids share a digest of the DAG run."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import takewhile

import attrs

from pressmark.airflow.ids import digest, sections_of
from pressmark.model import keys
from pressmark.web.common.repository import Repository

_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?\+00:00")
LOOK_BACK = timedelta(days=31)
"""How far back to search if the id of the DAG run contains no time."""


@attrs.frozen(kw_only=True)
class StartedCrawl:
    """A crawl without a manifest: it is running, or was killed."""

    site: str
    section: str
    run_id: str
    started_at: datetime


@attrs.frozen(kw_only=True)
class DagRun:
    """The traces of a DAG run in the bucket."""

    dag_id: str
    run_id: str
    crawls: Sequence[str]
    """Keys of the manifests of its crawls, newest first."""
    started: Sequence[StartedCrawl]
    """Newest first."""
    days: int = LOOK_BACK.days
    """How far back the search went if its id contains no time."""


def dag_run(repository: Repository, dag_id: str, run_id: str) -> DagRun:
    """Find the crawls of a DAG run in the sections that its DAG id names, or in all sections."""
    named = re.compile(rf"(\d{{8}}T\d{{6}})-{digest(dag_id, run_id)}-[A-Za-z0-9_-]+", re.ASCII)
    since = _queued_at(run_id) or repository.clock() - LOOK_BACK
    manifests, started = {}, {}
    for site, section in sections_of(dag_id, repository.sites().values()):
        for key in _keys_since(repository, site.site, section, since):
            name = key.rpartition("/")[2]
            crawl = name.partition(".")[0]
            matched = named.fullmatch(crawl)
            if not matched:
                continue
            if name.endswith(keys.STARTED):
                began = datetime.strptime(matched[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
                started[crawl] = StartedCrawl(site=site.site, section=section, run_id=crawl, started_at=began)
            elif name == crawl + keys.MANIFEST:
                manifests[crawl] = key
    return DagRun(
        dag_id=dag_id,
        run_id=run_id,
        crawls=[manifests[crawl] for crawl in sorted(manifests, reverse=True)],
        started=[started[crawl] for crawl in sorted(started.keys() - manifests.keys(), reverse=True)],
    )


def _keys_since(repository: Repository, site: str, section: str, since: datetime) -> Iterator[str]:
    """Return the keys of a section's runs that began that day or later, without those of its subsections."""
    prefix = keys.runs(site, section)
    found = repository.store.keys(prefix, after=f"{prefix}{keys.day_of(since)}/")
    return takewhile(lambda key: key < f"{prefix}:", found)  # ":" sorts after all years.


def _queued_at(run_id: str) -> datetime | None:
    """Return the time in Airflow's own run ids; no crawl of the DAG run began before it."""
    found = _MOMENT.search(run_id)
    try:
        return datetime.fromisoformat(found[0]) if found else None
    except ValueError:
        return None
