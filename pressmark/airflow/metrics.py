"""Figures of a crawl as Airflow metrics (StatsD or OpenTelemetry); docs/metrics.md lists them."""

from airflow.sdk.observability import stats

from pressmark.archive.bucket.manifest_model import Manifest
from pressmark.model.outcomes import Outcome


def emit_metrics(manifest: Manifest) -> None:
    """Emit a run's figures, tagged with `site` and `section`, whether or not its result can be trusted."""
    tags = {"site": manifest.site, "section": manifest.section.replace("/", "_")}
    for outcome in Outcome:
        stats.incr(f"pressmark.articles.{outcome}", manifest.counts.get(outcome, 0), tags=tags)
    stats.incr(f"pressmark.runs.{manifest.ended}", tags=tags)
    stats.incr("pressmark.listing_pages", manifest.counts.get("listing_pages", 0), tags=tags)
    stats.incr("pressmark.newly_rejected", manifest.newly_rejected, tags=tags)
    stats.incr("pressmark.recovered", manifest.recovered.published, tags=tags)
    stats.incr("pressmark.warc_bytes", manifest.warc_bytes, tags=tags)
    for asked in manifest.requests:
        stats.incr("pressmark.requests", asked.number, tags=tags | {"host": asked.host})
        stats.gauge("pressmark.requests_busiest_minute", asked.busiest_minute, tags=tags | {"host": asked.host})
    for became, count in manifest.requisites.items():
        stats.incr(f"pressmark.requisites.{became}", count, tags=tags)
    stats.timing("pressmark.run", manifest.ended_at - manifest.started_at, tags=tags)
