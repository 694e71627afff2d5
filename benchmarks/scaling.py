"""Measures a core, and computes what a large archive needs: `--write` updates docs/scaling.md.

Every figure is the CPU time of whole process trees: a busy machine changes it less than wall time.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import attrs
import click
import psutil
from rich.console import Console

from benchmarks.needs import Load, Rates, report
from benchmarks.scaling_work import INDEXED
from pressmark.archive.bucket import manifest
from pressmark.archive.s3.store import Store
from pressmark.config import Config
from pressmark.local.airflow import LocalAirflow
from pressmark.local.newsroom.http.server_thread import RunningNewsroom
from pressmark.local.newsroom.newsroom import Newsroom
from pressmark.local.newsroom.site_file import site_facts, write_site_file
from pressmark.local.s3server import RunningS3
from pressmark.system.ports import free_port

ROOT = Path(__file__).parents[1]
DOC = ROOT / "docs" / "scaling.md"
BEGIN = "<!-- Below: `python -m benchmarks.scaling --write`. -->\n"
SECTION, DAG, PACKAGE = "newsroom/world/europe", "archive_newsroom_world_europe", "package_newsroom"
NEVER: dict[str, Any] = {"steps": [], "listed": "P9000D"}
ALWAYS: dict[str, Any] = {"steps": [{"until": "P9000D", "every": "PT0S"}]}
CRAWL = ("-m", "pressmark.crawl.process", SECTION)
RUN_SECONDS = 120
IDLE_SECONDS = 60
INDEXES, LINES = 3000, 100
"""Segments of a month, and captures in each."""


@click.command()
@click.option("--articles", default=1000, show_default=True, help="Articles of the newsroom that is measured.")
@click.option("--runs", default=6, show_default=True, help="Runs of the DAG that are measured.")
@click.option("--sections", default=100, show_default=True)
@click.option("--minutes", default=15, show_default=True, help="Minutes between two runs of a section.")
@click.option("--news", default=20, show_default=True, help="New articles of a section a day.")
@click.option("--megabytes", default=1.0, show_default=True, help="WARC of an article with its requisites.")
@click.option("--years", default=10, show_default=True)
@click.option("--write", is_flag=True, help="Update docs/scaling.md.")
def main(articles: int, runs: int, write: bool, **load: Any) -> None:
    """Measure on this machine, and print what the load needs."""
    text = report(measured(articles, runs, Console(stderr=True)), Load(**load))
    if write:
        DOC.write_text(DOC.read_text("utf-8").partition(BEGIN)[0] + BEGIN + text, "utf-8")
    print(text)


def measured(articles: int, runs: int, console: Console) -> Rates:
    """Crawl a newsroom and work on its archive, and return what each took."""
    with tempfile.TemporaryDirectory(prefix="pressmark-bench-") as place, RunningS3(Path(place, "s3")) as s3:
        folder = Path(place)
        os.environ |= s3.environment | {"PRESSMARK_SITES": place, "PRESSMARK_SPOOL": f"{place}/spool"}
        store = Store.open(Config.read())
        with RunningNewsroom(Newsroom(articles=articles, crawl_delay=0)) as running:
            crawl = [*CRAWL, "--pages", str(articles), "--recheck"]
            with console.status(f"a crawl of {articles} new articles"):
                _write_site(folder, running.url, NEVER)
                new, filled = _spent(*crawl), _held(store)
                first = _last(store)
            with console.status("a run that finds nothing new"):
                quiet, quieted = _spent(*CRAWL), _held(store)
                second = _last(store)
            with console.status("a run that visits all of them"):
                _write_site(folder, running.url, ALWAYS)
                visits, visited = _spent(*CRAWL), _held(store)
                third = _last(store)
            took = {}
            for name in ("package", "export", "rederive", "audit"):
                with console.status(f"{name} of it"):
                    took[name] = _worked(name)
            packaged = sum(size for _, size in store.sizes("wacz/"))
            with console.status("indexes, merged, and merged again"):
                _write_indexes(store, range(INDEXES))
                _worked("index", INDEXES * LINES)
                _write_indexes(store, range(INDEXES, INDEXES + 1))
                took["index"] = _worked("index", (INDEXES + 1) * LINES)
                took["listed"] = _worked("index", (INDEXES + 1) * LINES)
            with console.status(f"{runs} runs of the DAG in Airflow"):
                _write_site(folder, running.url, NEVER)
                dag_run, idle = _airflow(folder, runs)
    published, again = first.counts["published"], third.counts["not_modified"]
    assert second.visits
    quiet_bytes, visits_bytes = quieted.total - filled.total, second.visits.size
    return Rates(
        dag_run=dag_run,
        quiet_run=quiet.cpu,
        quiet_seconds=quiet.seconds,
        new_article=(new.cpu - quiet.cpu) / published,
        visit=(visits.cpu - quiet.cpu) / again,
        airflow_idle=idle,
        crawl_memory=new.memory,
        new_requests=(_requests(first) - _requests(second)) / published,
        quiet_requests=_requests(second),
        quiet_bytes=quiet_bytes - visits_bytes,
        watched_bytes=visits_bytes / published,
        quiet_objects=quieted.objects - filled.objects,
        visit_bytes=(visited.total - quieted.total - quiet_bytes) / again,
        document_bytes=filled.documents / published,
        audit=(visited.warc + packaged) / took["audit"],
        package=visited.warc / took["package"],
        rederive=published / took["rederive"],
        export=published / took["export"],
        index=INDEXES * LINES / (took["index"] - took["listed"]),
        listed=INDEXES / took["listed"],
    )


@attrs.frozen
class _Spent:
    cpu: float
    """CPU seconds of the process and of its ended children."""
    seconds: float
    """Wall time."""
    memory: int
    """Bytes of the largest of them."""


@attrs.frozen
class _Held:
    """Objects in the bucket."""

    objects: int
    total: int
    warc: int
    documents: int


def _spent(*command: str) -> _Spent:
    began = time.monotonic()
    process = subprocess.Popen([sys.executable, *command], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, said[-3000:].decode()
    return _Spent(usage.ru_utime + usage.ru_stime, time.monotonic() - began, usage.ru_maxrss * 1024)


def _worked(*words: object) -> float:
    """Return the CPU seconds of a job, without those of starting its process."""
    command = [sys.executable, "-m", "benchmarks.scaling_work", *map(str, words)]
    return float(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)


def _held(store: Store) -> _Held:
    sizes = dict(store.sizes(""))
    warc = [size for key, size in sizes.items() if key.startswith("warc/") and key.endswith(".warc.gz")]
    documents = sum(size for key, size in sizes.items() if key.startswith("articles/"))
    return _Held(len(sizes), sum(sizes.values()), sum(warc), documents)


def _last(store: Store) -> manifest.Manifest:
    found = manifest.latest(store, *SECTION.split("/", 1))
    assert found
    return found


def _write_indexes(store: Store, numbers: range) -> None:
    """Put indexes of segments of one month into the bucket, without the segments."""
    for number in numbers:
        name = f"{INDEXED}-{number:05}"
        facts = {
            "url": "https://news.example/a/1.html",
            "digest": f"sha1:{'A' * 32}",
            "offset": "1",
            "filename": f"{name}.warc.gz",
        }
        lines = (
            f"example,news)/a/{line:05}/{number:05}.html 20260101000000 {json.dumps(facts)}\n" for line in range(LINES)
        )
        store.put(f"warc/{INDEXED}/2026/01/01/{name}.cdxj", "".join(lines).encode())
        store.put(f"warc/{INDEXED}/2026/01/01/{name}.warc.gz", b"")


def _requests(run: manifest.Manifest) -> int:
    return sum(each.number for each in run.requests)


def _write_site(folder: Path, url: str, recheck: dict[str, Any]) -> None:
    politeness = site_facts()["politeness"] | {"delay": 0, "concurrency": 4}
    write_site_file(folder, url, recheck=recheck, politeness=politeness)


def _airflow(folder: Path, runs: int) -> tuple[float, float]:
    """Return the CPU seconds of a run of the DAG, and those of an idle Airflow per second."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    airflow = LocalAirflow(folder / "airflow", ROOT / "dags", free_port(), {**kept, "PATH": path})
    others = {each.pid for each in psutil.Process().children(recursive=True)}
    with airflow.running():
        airflow.unpause(PACKAGE)
        airflow.unpause(DAG)
        airflow.wait(DAG, airflow.trigger(DAG), RUN_SECONDS)  # The first brings in what later ones have.
        _wait_for_packages(airflow, 1)
        began, cpu = time.monotonic(), _cpu_but(others)
        time.sleep(IDLE_SECONDS)
        idle = (_cpu_but(others) - cpu) / (time.monotonic() - began)
        began, cpu = time.monotonic(), _cpu_but(others)
        for number in range(runs):
            airflow.wait(DAG, airflow.trigger(DAG), RUN_SECONDS)
            _wait_for_packages(airflow, number + 2)
        spent, took = _cpu_but(others) - cpu, time.monotonic() - began
    return (spent - idle * took) / runs, idle


def _wait_for_packages(airflow: LocalAirflow, number: int) -> None:
    """Wait until this many runs of the package DAG have ended; they follow those of the archive DAG."""
    deadline = time.monotonic() + RUN_SECONDS
    while airflow.call("GET", f"/dags/{PACKAGE}/dagRuns?state=success&limit=1")["total_entries"] < number:
        assert time.monotonic() < deadline
        time.sleep(0.5)


def _cpu_but(others: set[int]) -> float:
    """Return the CPU seconds of all child processes except some, and of their ended children."""
    total = 0.0
    for each in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            total += sum(each.cpu_times()[:4]) if each.pid not in others else 0
    return total


if __name__ == "__main__":
    main()
