"""The demo, `make demo` or `pressmark demo`: S3 server, news site and Airflow on this machine, and three runs.

Its files are in `.demo` of the working folder; each start empties it. It runs until Ctrl-C, or with ONCE=1 until the
runs are done.
"""

import os
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import click
from filelock import FileLock, Timeout

from pressmark.airflow.dag_bundle import DAGS
from pressmark.cli.output import console, table
from pressmark.errors import PressmarkError, ServiceFailed
from pressmark.local.airflow import LOGIN, LocalAirflow
from pressmark.local.demo.settings import BIN, Settings
from pressmark.local.demo.web_services import WebServices
from pressmark.local.newsroom import Newsroom
from pressmark.local.newsroom.content.section import day_folder
from pressmark.local.newsroom.http.server_thread import RunningNewsroom
from pressmark.local.newsroom.site_file import write_site_file
from pressmark.local.s3server import RunningS3
from pressmark.model import keys
from pressmark.model.outcomes import Outcome
from pressmark.private import keep_private, make_folder
from pressmark.system.child_process import POLL, interrupt_on_sigterm
from pressmark.system.ports import is_free, require_free

DAG_ID = "archive_newsroom_world_europe"
PACKAGE_DAG_ID = "package_newsroom"
ARTICLES = 60
UPDATED = (ARTICLES - 1, ARTICLES - 3)
"""Which of them are updated."""
RUN_SECONDS = 120
INTERRUPTED = 130  # 128 + SIGINT, as shells count


@attrs.frozen(kw_only=True)
class RunResult:
    """One run of the DAG, for the table at the end."""

    what: str
    counts: dict[str, int]
    seconds: float


@attrs.frozen(kw_only=True)
class DemoServices:
    """The services that the demo has started."""

    s3: RunningS3
    site: RunningNewsroom
    airflow: LocalAirflow
    environment: Mapping[str, str]
    """Environment of DAGs, tasks and commands."""


def main() -> None:
    """Run the demo; known errors become a message and an exit code."""
    keep_private()
    interrupt_on_sigterm()
    try:
        settings = Settings.from_env(os.environ)
        _check_ports(settings)
        with _start_all(settings) as services:
            runs = _run_demo(services)
            with _web_services(settings, services) as web:
                _print_summary(settings, services, web, runs)
                if not settings.once:
                    _wait(services, web)
                click.echo("\nStopping ...")
        _check_stopped(settings)
    except KeyboardInterrupt:
        click.echo("\nStopped.", err=True)
        sys.exit(INTERRUPTED)
    except PressmarkError as error:
        click.echo(f"\ndemo: {error}", err=True)
        sys.exit(error.exit_code)


@contextmanager
def _start_all(settings: Settings) -> Iterator[DemoServices]:
    """Start all services in order, and stop them at the end."""
    with ExitStack() as stack:
        stack.enter_context(_fresh_folder(settings.folder))
        click.echo(f"All of this stays on this machine, in {settings.folder}, and starts from scratch each time.\n")
        with _step("the bucket, an S3 server"):
            s3 = stack.enter_context(RunningS3(settings.folder / "s3", settings.s3_port))
        with _step("the newsroom, a made-up news site"):
            site = stack.enter_context(RunningNewsroom(Newsroom(articles=ARTICLES), port=settings.newsroom_port))
        sites = write_site_file(settings.folder / "sites", site.url)
        environment = _environment(settings, s3, sites)
        airflow = LocalAirflow(settings.folder / "airflow", DAGS, settings.airflow_port, environment)
        with _step("Airflow (half a minute)"):
            stack.enter_context(airflow.running())
            airflow.unpause(DAG_ID)
        yield DemoServices(s3=s3, site=site, airflow=airflow, environment=environment)


@contextmanager
def _fresh_folder(folder: Path) -> Iterator[None]:
    """Empty the folder, unless another demo on other ports uses it."""
    make_folder(folder)
    lock = FileLock(folder / "lock", timeout=0, mode=0o600)
    try:
        with lock:
            for each in folder.iterdir():
                if each.is_dir():
                    shutil.rmtree(each)
            yield
    except Timeout:
        raise ServiceFailed(f"another demo is running in {folder}: end that one first.") from None


def _environment(settings: Settings, s3: RunningS3, sites: Path) -> dict[str, str]:
    """Return the environment of DAGs and tasks, without the caller's other buckets or Airflows."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "AWS", "PRESSMARK"))}
    return {
        **kept,
        **s3.environment,
        "NO_PROXY": "127.0.0.1,localhost",
        "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PRESSMARK_OPERATOR": "the demo",
        "PRESSMARK_SITES": str(sites),
        "PRESSMARK_SPOOL": str(settings.folder / "spool"),
    }


def _run_demo(services: DemoServices) -> list[RunResult]:
    """Archive the newsroom, change it, archive it again, and once more."""
    click.echo()
    runs = [_run(services.airflow, "1: everything")]
    changed = _change(services.site.newsroom)
    runs.append(_run(services.airflow, f"2: {changed}"))
    runs.append(_run(services.airflow, "3: nothing changed"))
    first, second, third = (each.counts[Outcome.PUBLISHED] + each.counts[Outcome.UPDATED] for each in runs)
    if not first or not second:
        raise ServiceFailed(f"runs 1 and 2 should have published something, not {first} and {second}.")
    if third:
        raise ServiceFailed(f"run 3, of a site that had not changed, published {third} versions.")
    return runs


@contextmanager
def _web_services(settings: Settings, services: DemoServices) -> Iterator[WebServices]:
    """Package what was archived, and serve it to researchers."""
    with _step("exports, index and packages, by their DAG"):
        services.airflow.unpause(PACKAGE_DAG_ID)
        services.airflow.wait(PACKAGE_DAG_ID, services.airflow.trigger(PACKAGE_DAG_ID), RUN_SECONDS)
    with ExitStack() as stack:
        with _step("the reading room, and pywb"):
            web = stack.enter_context(WebServices.open(settings, services.environment))
        yield web


def _change(newsroom: Newsroom) -> str:
    """Advance half an hour with some news."""
    newsroom.advance(timedelta(minutes=30))
    for _ in range(3):
        newsroom.publish()
    for index in UPDATED:
        newsroom.update(newsroom.article_id(index))
    newsroom.withdraw(newsroom.article_id(ARTICLES - 6), 410)
    return "3 articles new, 2 updated, 1 withdrawn"


def _run(airflow: LocalAirflow, what: str) -> RunResult:
    with _step(f"run {what}"):
        run_id = airflow.trigger(DAG_ID)
        seconds = airflow.wait(DAG_ID, run_id, RUN_SECONDS)
    crawled: dict[str, Any] = airflow.result(DAG_ID, run_id, "crawl")
    return RunResult(what=what, counts=crawled["counts"], seconds=seconds)


@contextmanager
def _step(what: str) -> Iterator[None]:
    """Print a step, and how long it took."""
    click.echo(f"  {what:<50}", nl=False)
    started = time.monotonic()
    yield
    click.echo(f"{time.monotonic() - started:6.1f} s")


def _print_summary(settings: Settings, services: DemoServices, web: WebServices, runs: list[RunResult]) -> None:
    columns = ("seen", *(outcome for outcome in Outcome if any(run.counts[outcome] for run in runs)))
    rows = table("run")
    for column in (*columns, "seconds"):
        rows.add_column(column.replace("_", " "), justify="right")
    for run in runs:
        rows.add_row(run.what, *(str(run.counts[name]) for name in columns), f"{run.seconds:.1f}")
    click.echo()
    console().print(rows)
    click.echo("\nRun 2 published only what had changed; run 3 found no change and published 0.")
    airflow, s3 = services.airflow, services.s3
    updated = services.site.newsroom.article_id(UPDATED[0])
    article = f"{web.url}/articles/newsroom/{keys.day_of_url(day_folder(updated))}/{updated}/"
    places: Mapping[str, str] = {
        "read": web.url,
        "compare": f"{article}  an article with two versions",
        "Airflow": f"{airflow.url}  login {LOGIN}, password {airflow.password}",
        "the DAG": f"{airflow.url}/dags/{DAG_ID}",
        "bucket": f"{s3.bucket!r} at {s3.endpoint}  keys in {s3.settings}",
        "newsroom": f"{services.site.url}/world/europe",
        "logs": f"{settings.folder}/s3/s3.log, {settings.folder}/airflow/*.log, {settings.folder}/rooms/*.log",
        "try": f". {s3.settings} && {BIN}/pressmark status",
    }
    click.echo()
    for name, place in places.items():
        click.echo(f"  {name:<10}{place}")


def _wait(services: DemoServices, web: WebServices) -> None:
    """Wait for Ctrl-C, or for a service to end."""
    click.echo("\nEverything runs until you press Ctrl-C.")
    try:
        while True:
            services.s3.check()
            services.airflow.check()
            web.check()
            time.sleep(POLL * 10)
    except KeyboardInterrupt:
        return  # The way this ends.


def _check_ports(settings: Settings) -> None:
    for variable, (port, name) in settings.ports.items():
        require_free(port, name, f"Set {variable} to another one.")


def _check_stopped(settings: Settings) -> None:
    """Check that no service is left that would answer in the next demo."""
    held = [str(port) for port, _ in settings.ports.values() if not is_free(port)]
    if held:
        raise ServiceFailed(f"something still listens on port {', '.join(held)} after everything was stopped.")


if __name__ == "__main__":
    main()
