"""The shape of docker/compose.yml as processes: PostgreSQL, Redis, Airflow on Celery, two workers."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path

import attrs
import psutil  # type: ignore[import-untyped]  # As in tests/dags/night.py.
import psycopg2

from pressmark.archive.s3.store import Store
from pressmark.config import Config
from pressmark.local.airflow import LocalAirflow
from pressmark.local.newsroom import Newsroom
from pressmark.local.newsroom.http.server_thread import RunningNewsroom
from pressmark.local.newsroom.site_file import write_site_file
from pressmark.local.s3server import RunningS3
from pressmark.system.child_process import Program
from pressmark.system.ports import LOOPBACK, free_port
from tests.conftest import ROOT

POSTGRES = max((path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")), default=None)
REDIS = shutil.which("redis-server")
READY_SECONDS = 60
WORKER = str(ROOT / "docker" / "worker.sh")


@attrs.frozen
class Cluster:
    """All that runs."""

    airflow: LocalAirflow
    newsroom: Newsroom
    sites: Path
    store: Store
    spools: tuple[Path, Path]
    workers: tuple[Program, Program]
    third: Callable[[], AbstractContextManager[Program]]
    """Starts one more worker, with its spool beside the others."""

    def worker_of(self, crawl: psutil.Process) -> int:
        """Return the number of the worker that runs a crawl."""
        return [str(each) for each in self.spools].index(crawl.environ()["PRESSMARK_SPOOL"])

    def stop(self, number: int) -> None:
        """Stop a worker as `docker stop` does: with SIGTERM to its first process only."""
        spool = str(self.spools[number])
        [head] = [each for each in psutil.process_iter() if _is_head(each, spool)]
        head.terminate()

    def crawls(self) -> list[psutil.Process]:
        """Return the crawl processes that run."""
        return [each for each in psutil.process_iter() if self._crawls(each)]

    def _crawls(self, process: psutil.Process) -> bool:
        try:
            ours = process.environ().get("PRESSMARK_SPOOL") in map(str, self.spools)
            return ours and "pressmark.crawl.process" in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False


def _is_head(process: psutil.Process, spool: str) -> bool:
    try:
        return process.cmdline()[:2] == ["bash", WORKER] and process.environ().get("PRESSMARK_SPOOL") == spool
    except psutil.Error:
        return False


@contextmanager
def cluster(folder: Path, s3: RunningS3, bucket: str, newsroom: Newsroom) -> Iterator[Cluster]:
    """Start all of it, and stop it at the end of the block."""
    with ExitStack() as stack:
        site = stack.enter_context(RunningNewsroom(newsroom))
        sites = write_site_file(folder / "sites", site.url)
        database = stack.enter_context(postgres(folder, free_port()))
        broker = stack.enter_context(_redis(folder))
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "PRESSMARK"))}
        environment = {
            **kept,
            **s3.environment,
            "PRESSMARK_BUCKET": bucket,
            "PRESSMARK_SITES": str(sites),
            "NO_PROXY": "127.0.0.1,localhost",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }
        settings = {
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2://{database}",
            "AIRFLOW__CELERY__RESULT_BACKEND": f"db+postgresql+psycopg2://{database}",
            "AIRFLOW__CELERY__BROKER_URL": broker,
            "AIRFLOW__CELERY__WORKER_CONCURRENCY": "2",
            # Airflow notices a lost worker by missing heartbeats; the default of five minutes is too long here.
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "15",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
            "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "3",
        }
        airflow = LocalAirflow(folder / "airflow", ROOT / "dags", free_port(), environment, settings=settings)
        stack.enter_context(airflow.running())
        spools = folder / "spools" / "1", folder / "spools" / "2"
        workers = tuple(stack.enter_context(_worker(airflow, spool)) for spool in spools)
        store = Store.open(Config.from_env(environment))
        third = partial(_worker, airflow, folder / "spools" / "3")
        yield Cluster(airflow, site.newsroom, sites, store, spools, workers, third)  # type: ignore[arg-type]


@contextmanager
def _worker(airflow: LocalAirflow, spool: Path) -> Iterator[Program]:
    name = f"worker-{spool.name}"
    command = ["bash", WORKER, "--celery-hostname", f"{name}@%h", "--skip-serve-logs"]
    command += ["--pid", str(airflow.home / f"{name}.pid"), "--without-mingle", "--without-gossip"]
    variables = airflow.variables | {"PRESSMARK_SPOOL": str(spool), "PRESSMARK_SPOOLS": str(spool.parent)}
    program = Program(name, command, variables, airflow.home, airflow.home / f"{name}.log")
    program.start()
    try:
        program.wait_until(lambda: f"{name}@" in program.log_tail() and "ready." in program.log_tail(), READY_SECONDS)
        yield program
    finally:
        program.stop(15)


@contextmanager
def postgres(folder: Path, port: int) -> Iterator[str]:
    """Run PostgreSQL, which refuses to be root; return `user:password@host:port/database`."""
    assert POSTGRES
    data = Path(tempfile.mkdtemp(prefix="pressmark-postgres-"))
    as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.getuid() == 0 else []
    if as_user:
        shutil.chown(data, "postgres", "postgres")
    try:
        made = [POSTGRES / "initdb", "--pgdata", data / "data", "--username=airflow", "--auth=trust", "--no-sync"]
        subprocess.run([*as_user, *made], check=True, capture_output=True, cwd=data)
        options = ["-D", data / "data", "-h", LOOPBACK, "-p", str(port), "-k", data, "-c", "fsync=off"]
        log = folder / "postgres.log"
        program = Program("PostgreSQL", [*as_user, POSTGRES / "postgres", *options], dict(os.environ), folder, log)
        program.start()
        try:
            program.wait_until(lambda: _answers(port), READY_SECONDS)
            yield f"airflow:x@{LOOPBACK}:{port}/postgres"
        finally:
            program.stop()
    finally:
        shutil.rmtree(data)


def _answers(port: int) -> bool:
    try:
        psycopg2.connect(host=LOOPBACK, port=port, user="airflow", dbname="postgres").close()
    except psycopg2.OperationalError:
        return False
    return True


@contextmanager
def _redis(folder: Path) -> Iterator[str]:
    assert REDIS
    port, log = free_port(), folder / "redis.log"
    command = [REDIS, "--bind", LOOPBACK, "--port", str(port), "--save", "", "--dir", str(folder)]
    program = Program("Redis", command, dict(os.environ), folder, log)
    program.start()
    try:
        program.wait_until(lambda: "Ready to accept connections" in program.log_tail(), READY_SECONDS)
        yield f"redis://{LOOPBACK}:{port}/0"
    finally:
        program.stop()
