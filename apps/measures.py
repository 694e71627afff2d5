"""Figures of a crawl as Airflow's own metrics, StatsD or OpenTelemetry; docs/metrics.md lists them."""

from datetime import datetime
from typing import Any

from airflow.sdk.observability import stats

from pressmark.outcomes import Outcome


def measure(manifest: dict[str, Any]) -> None:
    """Tell what a run did, whether or not its result can be trusted; tagged with `site` and `section`."""
    tags = {"site": manifest["site"], "section": manifest["section"].replace("/", "_")}
    for outcome in Outcome:
        stats.incr(f"pressmark.articles.{outcome}", manifest["counts"].get(outcome, 0), tags=tags)
    stats.incr(f"pressmark.runs.{manifest['ended']}", tags=tags)
    stats.incr("pressmark.listing_pages", manifest["counts"]["listing_pages"], tags=tags)
    stats.incr("pressmark.newly_rejected", manifest["newly_rejected"], tags=tags)
    stats.incr("pressmark.recovered", manifest["recovered"]["published"], tags=tags)
    stats.incr("pressmark.warc_bytes", sum(each["size"] for each in manifest["segments"]), tags=tags)
    for asked in manifest.get("requests", ()):
        stats.incr("pressmark.requests", asked["number"], tags=tags | {"host": asked["host"]})
        stats.gauge("pressmark.requests_busiest_minute", asked["busiest_minute"], tags=tags | {"host": asked["host"]})
    for outcome, count in manifest["requisites"].items():
        stats.incr(f"pressmark.requisites.{outcome}", count, tags=tags)
    began, ended = (datetime.fromisoformat(manifest[name]) for name in ("started_at", "ended_at"))
    stats.timing("pressmark.run", ended - began, tags=tags)
