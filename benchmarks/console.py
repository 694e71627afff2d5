"""Cost of the console with 1,000 runs of a section: its first view, a further view, and the page of a run."""

import asyncio
import json
import os
import random
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import httpx
from fastapi import FastAPI
from rich.console import Console
from rich.table import Table

from pressmark.airflow.console.app import console_app
from pressmark.archive.bucket import manifest
from pressmark.archive.bucket.manifest_model import Manifest
from pressmark.archive.s3.store import Store
from pressmark.config import Config
from pressmark.local.s3server import RunningS3
from pressmark.model import keys, schema
from pressmark.model.document import timestamp
from pressmark.model.outcomes import Outcome
from pressmark.web.common.repository import Repository

SITE, SECTION = "chinadaily", "world/europe"
EVERY = timedelta(minutes=30)
SHA = "0" * 64
OUTCOMES = [Outcome.NOT_MODIFIED] * 40 + [Outcome.UNCHANGED] * 12 + [Outcome.REJECTED] * 4
NEWS = [Outcome.PUBLISHED, Outcome.PUBLISHED, Outcome.UPDATED, Outcome.SILENT_EDIT, Outcome.WITHDRAWN, Outcome.FAILED]
REASONS = {Outcome.REJECTED: "no-body", Outcome.FAILED: "http-500"}


@click.command()
@click.option("--runs", default=1000, show_default=True, help="Manifests in the bucket.")
@click.option("--rounds", default=15, show_default=True)
def main(runs: int, rounds: int) -> None:
    """Print seconds for each page; a cold page is the first one of a new process."""
    console = Console()
    table = Table("page", "cold s", "warm median s", "warm worst s", box=None)
    with tempfile.TemporaryDirectory(prefix="pressmark-bench-") as folder, RunningS3(Path(folder)) as s3:
        os.environ |= s3.environment
        store = Store.open(Config.read())
        now = datetime.now(UTC)
        with console.status(f"writing {runs} manifests"):
            newest = fill(store, SITE, SECTION, runs, now)
        manifest_facts = json.loads(store.get(newest))
        console.print(f"a manifest: {len(manifest_facts['articles'])} articles, {len(store.get(newest)):,} bytes")
        dag_run = (
            f"/archive/run?dag_id=archive_chinadaily_world_europe&run_id=scheduled__{now - EVERY:%Y-%m-%dT%X}%2B00:00"
        )
        for name, path in {
            "overview": "/archive/",
            "section": f"/archive/sections/{SITE}/{SECTION}",
            "run": f"/archive/{newest}",
            "DAG run, in vain": dag_run,
            "DAG run of a year ago, in vain": dag_run.replace(f"{now.year}-", f"{now.year - 1}-"),
        }.items():
            cold = [_seconds(_mounted(), path) for _ in range(3)]
            console_kept = _mounted()
            _seconds(console_kept, path)
            warm = [_seconds(console_kept, path) for _ in range(rounds)]
            table.add_row(name, f"{statistics.median(cold):.3f}", f"{statistics.median(warm):.3f}", f"{max(warm):.3f}")
    console.print(table)
    console.print("goal: cold below 4 s, warm below 0.2 s")


def fill(store: Store, site: str, section: str, runs: int, now: datetime, seed: int = 1) -> str:
    """Write the manifests of so many runs, one every 30 minutes up to now, and return the newest one's key.

    Their documents do not exist: the console reads a run's documents only when somebody opens the run.
    """
    chance = random.Random(seed)
    made = [_manifest(site, section, now - EVERY * (back + 0.5), chance) for back in range(runs)]
    with ThreadPoolExecutor(8) as pool:
        written = list(pool.map(lambda manifest_facts: manifest.write(store, Manifest.from_json(manifest_facts)), made))
        list(pool.map(lambda key: store.put(key.removesuffix(".json") + keys.STARTED, b""), written))
        list(pool.map(lambda key: store.put(key.removesuffix(".json") + ".visits.jsonl.gz", b"-"), written))
    return written[0]


def _manifest(site: str, section: str, started_at: datetime, chance: random.Random) -> dict[str, Any]:
    run_id = f"{started_at:%Y%m%dT%H%M%S}-{chance.randrange(1 << 24):06x}-1"
    day = keys.day_of(started_at)
    fails = chance.random() < 0.01
    news = [] if fails else [each for each in NEWS if chance.random() < (0.4 if each is Outcome.PUBLISHED else 0.06)]
    outcomes = [] if fails else OUTCOMES + news
    articles = [_fate(outcome, number, started_at, chance) for number, outcome in enumerate(outcomes)]
    counts = {"listing_pages": 1, "seen": len(articles), "not_due": 140}
    counts |= {each.value: outcomes.count(each) for each in Outcome}
    segment = f"warc/{site}/{day}/{site}-{run_id}.warc.gz"
    size = chance.randrange(400_000, 3_000_000)
    ended = "failed" if fails else "interrupted" if chance.random() < 0.005 else "complete"
    return {
        "schema": schema.MANIFEST,
        "run_id": run_id,
        "site": site,
        "section": section,
        "started_at": timestamp(started_at),
        "ended_at": timestamp(started_at + timedelta(seconds=chance.randrange(120, 300))),
        "ended": ended,
        "reason": f"{site}/{section}, page 1: 0 entries, at least 5 expected" if fails else None,
        **({"failure": "LayoutChanged"} if fails else {}),
        "caught_up": not fails,
        "software": "pressmark 0.0",
        "parameters": {"pages": 5, "recheck": False},
        "counts": counts,
        "newly_rejected": 0,
        "requisites": {"captured": chance.randrange(40), "failed": 0, "left_out": 0},
        "recovered": {"segments": 0, "published": 0, "bytes_cut": 0},
        "elsewhere": [f"https://www.chinadaily.com.cn/special/{number}" for number in range(4)],
        "articles": articles,
        "segments": [
            {
                "key": segment,
                "size": size,
                "sha256": SHA,
                "records": 4 * len(articles) + 4,
                "index": {"key": segment.replace(".warc.gz", ".cdxj"), "size": 9000, "sha256": SHA},
            }
        ],
        "objects": [{"key": fate["key"], "size": 4000, "sha256": SHA} for fate in articles if fate.get("key")],
        "requests": [{"host": "www.chinadaily.com.cn", "number": 70, "busiest_minute": chance.randrange(26, 31)}],
    }


def _fate(outcome: Outcome, number: int, started_at: datetime, chance: random.Random) -> dict[str, Any]:
    article_id = f"WS{chance.randrange(1 << 96):024x}" if number >= len(OUTCOMES) else f"WS{number:024x}"
    url = f"https://www.chinadaily.com.cn/a/{started_at:%Y%m/%d}/{article_id}.html"
    manifest_facts: dict[str, Any] = {"article_id": article_id, "url": url, "outcome": outcome.value}
    if outcome in NEWS[:4]:
        kind = "silent-edits" if outcome is Outcome.SILENT_EDIT else "articles"
        manifest_facts["key"] = f"{kind}/{SITE}/{started_at:%Y/%m/%d}/{article_id}/{started_at:%Y%m%dT%H%M%S}Z.json"
    if reason := REASONS.get(outcome):
        manifest_facts |= {"reason": reason, "message": f"{url} has no text: neither #Content nor a paragraph"}
    return manifest_facts


def _mounted() -> FastAPI:
    """Return a console without cached data, mounted as in Airflow."""
    airflow = FastAPI()
    airflow.mount("/archive", console_app(Repository.open, lambda: None))
    return airflow


def _seconds(airflow: FastAPI, path: str) -> float:
    async def get() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(airflow), base_url="http://airflow") as client:
            return await client.get(path)

    started = time.perf_counter()
    assert asyncio.run(get()).status_code == 200
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
