"""Computes what a load needs from what a core was measured to do, and shows the arithmetic."""

from collections.abc import Iterator
from datetime import timedelta

import attrs

from pressmark.jobs.audit.partitions import MAX_PARTITIONS, PARTITION_BYTES
from pressmark.sites.revisit_policy import Recheck

DAY, YEAR = 86_400, 365
POLITE = 2.0
"""Seconds between two requests to a host, as in China Daily's site file."""
TASKS = 8
"""Tasks of a run of the archive DAG, and of the package DAG after it."""
KEPT_DAYS = 90
"""Days that Airflow keeps runs (docker/.env.example)."""
MB, GB, TB = 1e6, 1e9, 1e12


@attrs.frozen(kw_only=True)
class Load:
    """The load: what is to be archived."""

    sections: int
    minutes: int
    """Minutes between two runs of a section."""
    news: int
    """New articles of a section a day."""
    megabytes: float
    """WARC of an article with its requisites; the newsroom's articles are smaller than those of real sites."""
    years: int

    @property
    def watched(self) -> float:
        """Number of days that an article is visited again."""
        return Recheck().steps[-1].until / timedelta(days=1)

    @property
    def visits(self) -> float:
        """How often an article is visited again, by the default `recheck` of site files."""
        began, total, turn = timedelta(0), 0.0, timedelta(minutes=self.minutes)
        for step in Recheck().steps:
            total += (step.until - began) / max(step.every, turn)
            began = step.until
        return total


@attrs.frozen(kw_only=True)
class Rates:
    """Measured rates: CPU in seconds, sizes in bytes."""

    dag_run: float
    """CPU of a run of the archive DAG that finds nothing new and of the package DAG after it, in Airflow."""
    quiet_run: float
    """CPU of its crawl alone."""
    quiet_seconds: float
    """Wall time of its crawl alone, without waiting for a site."""
    new_article: float
    """CPU of a new article with its requisites."""
    visit: float
    """CPU of an unchanged article."""
    airflow_idle: float
    """CPU of an idle Airflow, per second."""
    crawl_memory: int
    new_requests: float
    """Requests of an article with its requisites."""
    quiet_requests: float
    quiet_bytes: float
    """Bytes that a run without new articles leaves, except for `watched_bytes`."""
    watched_bytes: float
    """Bytes that each run leaves for an article that it watches."""
    quiet_objects: float
    visit_bytes: float
    document_bytes: float
    audit: float
    """Bytes of WARC and WACZ per second of CPU."""
    package: float
    """Bytes of WARC per second of CPU."""
    rederive: float
    """Documents per second of CPU; the same for `export`."""
    export: float
    index: float
    """Captures per second of CPU in a month's index that is rewritten for a few new ones."""
    listed: float
    """Segments per second of CPU in a month that is checked for new ones."""


def report(rates: Rates, load: Load) -> str:
    """Return both tables in Markdown."""
    did = (f"| {what} | {how} |" for what, how in _done(rates))
    needs = (f"| {what} | {how} | **{much}** |" for what, how, much in _needed(rates, load))
    assumed = (
        f"Each section has {load.news} new articles a day, of {load.megabytes:g} MB each with requisites. "
        f"Each article is visited again {load.visits:.0f} times (the default `recheck`)."
    )
    return "\n".join(
        [
            "\n## What a core does\n\n| what | CPU |\n|---|---|",
            *did,
            f"\n## What {load.sections} sections every {load.minutes} minutes need, for {load.years} years\n",
            f"{assumed}\n\n| what | how | how much |\n|---|---|---|",
            *needs,
            "",
        ]
    )


def _done(rates: Rates) -> Iterator[tuple[str, str]]:
    yield (
        "a run of the archive DAG that finds nothing new, and the run of the package DAG after it, in Airflow",
        f"{rates.dag_run:.1f} s",
    )
    yield "the crawl of that run alone", f"{rates.quiet_run:.1f} s; {rates.quiet_seconds:.1f} s wall time"
    yield "a new article with its requisites: captured, read, published", f"{rates.new_article * 1000:.0f} ms"
    yield "an unchanged article (304)", f"{rates.visit * 1000:.1f} ms"
    yield "an idle Airflow", f"{rates.airflow_idle:.2f} cores"
    yield "audit: WARC and WACZ read back", f"{rates.audit / MB:.1f} MB/s"
    yield "rederive: documents read again", f"{rates.rederive:.0f}/s"
    yield "package: WARC into WACZ", f"{rates.package / MB:.1f} MB/s"
    yield "export: versions to Parquet and JSON Lines", f"{rates.export:.0f}/s"
    yield "merged index: segments of a month checked", f"{rates.listed:,.0f}/s"
    yield "merged index: captures of a month rewritten", f"{rates.index:,.0f}/s"
    yield "memory of the largest process of a crawl", f"{rates.crawl_memory / MB:.0f} MB"


def _needed(rates: Rates, load: Load) -> Iterator[tuple[str, str, str]]:
    runs = load.sections * 1440 / load.minutes
    articles = load.sections * load.news
    visits, days = articles * load.visits, load.years * YEAR
    yield "runs a day", f"{load.sections} × 1,440 / {load.minutes}", f"{runs:,.0f}"
    yield "articles a day", f"{load.sections} × {load.news}", f"{articles:,.0f}"
    yield "visits a day", f"{articles:,.0f} × {load.visits:.0f}", f"{visits:,.0f}"
    yield _cores(rates, runs, articles, visits)
    yield from _hosts(rates, runs, articles, visits)

    run_bytes = rates.quiet_bytes + load.news * load.watched * rates.watched_bytes
    yield (
        "bytes of a run that finds nothing new",
        f"{rates.quiet_bytes:,.0f} B + {load.news} × {load.watched:.0f} days × {rates.watched_bytes:.0f} B",
        f"{run_bytes:,.0f}",
    )
    captured = articles * load.megabytes * MB + visits * rates.visit_bytes + runs * run_bytes
    how = (
        f"{articles:,.0f} × {load.megabytes:g} MB + {visits:,.0f} × {rates.visit_bytes:,.0f} B "
        f"+ {runs:,.0f} × {run_bytes:,.0f} B"
    )
    yield "captures a day, with the objects of each run", how, f"{captured / GB:.1f} GB"
    yield from _kept(rates, days, runs, articles, captured)
    yield from _read_again(rates, days * captured, captured, days * articles)
    lines = 30 * _requests(rates, runs, articles, visits)
    how = f"30 × ({runs:,.0f} / {rates.listed:,.0f}/s + {lines / 30:,.0f} / {rates.index:,.0f}/s)"
    minutes = (30 * runs / rates.listed + lines / rates.index) / 60
    yield "core minutes per update of a month's merged index, at the end of the month", how, f"{minutes:.1f}"
    rows = KEPT_DAYS * runs * TASKS
    yield "task instances in Airflow's database", f"{KEPT_DAYS} days × {runs:,.0f} × {TASKS}", _millions(rows)


def _cores(rates: Rates, runs: float, articles: float, visits: float) -> tuple[str, str, str]:
    busy = runs * rates.dag_run + articles * rates.new_article + visits * rates.visit
    how = (
        f"({runs:,.0f} × {rates.dag_run:.1f} s + {articles:,.0f} × {rates.new_article:.3f} s "
        f"+ {visits:,.0f} × {rates.visit:.4f} s) / {DAY:,} s + {rates.airflow_idle:.2f}"
    )
    return "busy cores, on average", how, f"{busy / DAY + rates.airflow_idle:.1f}"


def _requests(rates: Rates, runs: float, articles: float, visits: float) -> float:
    return runs * rates.quiet_requests + articles * rates.new_requests + visits


def _hosts(rates: Rates, runs: float, articles: float, visits: float) -> Iterator[tuple[str, str, str]]:
    asked = _requests(rates, runs, articles, visits)
    how = f"{runs:,.0f} × {rates.quiet_requests:.0f} + {articles:,.0f} × {rates.new_requests:.1f} + {visits:,.0f}"
    yield "requests a day", how, f"{asked:,.0f}"
    held = (asked * POLITE + runs * rates.quiet_seconds) / DAY
    how = f"({asked:,.0f} × {POLITE:g} s + {runs:,.0f} × {rates.quiet_seconds:.1f} s) / {DAY:,} s"
    yield (
        f"hosts needed, at one request every {POLITE:g} s without a break; plan for half as many more",
        how,
        f"{held:.1f}",
    )


def _kept(rates: Rates, days: int, runs: float, articles: float, captured: float) -> Iterator[tuple[str, str, str]]:
    yield "captures", f"{days:,} × {captured / GB:.1f} GB", f"{days * captured / TB:.1f} TB"
    yield "packages (WACZ)", "the same again", f"{days * captured / TB:.1f} TB"
    versions = days * articles
    size = f"{_millions(versions)}, {versions * rates.document_bytes / GB:.0f} GB"
    yield "versions", f"{days:,} × {articles:,.0f}, of {rates.document_bytes:,.0f} B", size
    objects = days * (runs * rates.quiet_objects + articles)
    how = f"{days:,} × ({runs:,.0f} × {rates.quiet_objects:.0f} + {articles:,.0f})"
    yield "objects in the bucket", how, _millions(objects)


def _read_again(rates: Rates, all_of_it: float, daily: float, versions: float) -> Iterator[tuple[str, str, str]]:
    package = f"{daily / rates.package / 60:.1f}"
    yield "core minutes to package a day, once", f"{daily / GB:.1f} GB / {rates.package / MB:.1f} MB/s", package
    speed = f"{rates.audit / MB:.1f} MB/s"
    partitions = min(-(-all_of_it // PARTITION_BYTES), MAX_PARTITIONS)
    whole = f"{2 * all_of_it / rates.audit / 3600:,.0f}, in {partitions:,.0f} partitions"
    yield "core hours to audit everything, as every Sunday", f"2 × {all_of_it / TB:.1f} TB / {speed}", whole
    week = f"{7 * 2 * daily / rates.audit / 3600:.1f}"
    yield "core hours to audit one week (`since`)", f"7 × 2 × {daily / GB:.1f} GB / {speed}", week
    rederive_hours = f"{versions / rates.rederive / 3600:.0f}"
    yield "core hours to re-derive all versions", f"{_millions(versions)} / {rates.rederive:.0f}/s", rederive_hours


def _millions(number: float) -> str:
    return f"{number / 1e6:.1f} million"
