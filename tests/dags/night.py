"""A real installation: Airflow's four programs, a newsroom, a bucket, and a mail server for alarms."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import attrs
import httpx
import psutil  # type: ignore[import-untyped]  # Airflow brings it, and its stubs would be one more thing to lock.
import yaml

from pressmark.archive.s3.store import Store
from pressmark.config import Config
from pressmark.local.airflow import LOGIN, LocalAirflow
from pressmark.local.newsroom import Newsroom
from pressmark.local.newsroom.http.server_thread import RunningNewsroom
from pressmark.local.s3server import RunningS3
from pressmark.system.ports import free_port
from tests.airflow.alerts.servers import MailServer
from tests.conftest import ROOT
from tests.support.earlier import write_its_site_file

ARCHIVE, BACKFILL = "archive_newsroom_world_europe", "backfill_newsroom_world_europe"
PACKAGE, AUDIT, RECRAWL = "package_newsroom", "audit_newsroom", "recrawl_article_newsroom"
REDERIVE = "rederive_newsroom"
DAGS = (ARCHIVE, BACKFILL, PACKAGE, AUDIT, RECRAWL, REDERIVE)
SECONDS = 150
"""Seconds that any step may take."""
OPERATOR = "night@example.org"
SLOW = {"delay": 0.4, "concurrency": 1, "timeout": 10, "retries": 0}
"""Politeness of a site with slow crawls, so that tests can interrupt them."""
HASTE = {
    "AIRFLOW__DAG_PROCESSOR__STALE_DAG_THRESHOLD": "15",
    "AIRFLOW__DAG_PROCESSOR__PARSING_CLEANUP_INTERVAL": "5",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "20",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "10",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "20",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
}
"""A killed scheduler is detected sooner than by default (300 s), and so is a deleted DAG (110 s)."""


@attrs.define
class Night:
    """The running services, and what tests do with them."""

    airflow: LocalAirflow
    newsroom: Newsroom
    store: Store
    spool: Path
    sites: Path
    mail: MailServer

    def set_site(self, **changes: Any) -> None:
        """Change the newsroom's site file."""
        path = self.sites / "newsroom.yml"
        path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | changes))

    def run(self, dag_id: str, **conf: Any) -> str:
        """Run a DAG to its success and return the run's id."""
        run_id = self.airflow.trigger(dag_id, conf)
        self.airflow.wait(dag_id, run_id, SECONDS)
        return run_id

    def started(self, **conf: Any) -> str:
        """Start the archive DAG, and return the run's id when its crawl has asked for some articles."""
        asked = self.newsroom.requests.total
        run_id = self.airflow.trigger(ARCHIVE, conf)
        self.until(lambda: self.newsroom.requests.total > asked + 8)
        return run_id

    def mark(self, dag_id: str, run_id: str, state: str, task: str = "") -> None:
        """Mark a run, or a task of it, as an operator does in the UI."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}"
        if task:
            self.airflow.call("PATCH", f"{path}/taskInstances/{task}", {"new_state": state})
        else:
            self.airflow.call("PATCH", path, {"state": state})

    def clear(self, dag_id: str, run_id: str, *tasks: str, downstream: bool = False) -> None:
        """Clear tasks of a run, alone or with what follows them."""
        asked: dict[str, Any] = {"dry_run": False, "dag_run_id": run_id, "task_ids": tasks, "only_failed": False}
        asked["include_downstream"] = downstream
        self.airflow.call("POST", f"/dags/{dag_id}/clearTaskInstances", asked)

    def events(self, dag_id: str, run_id: str, task: str, number: int = 1) -> list[dict[str, Any]]:
        """Return the lines of the log of a task's try."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task}/logs/{number}"
        return list(self.airflow.call("GET", path)["content"])

    def log(self, dag_id: str, run_id: str, task: str, number: int = 1) -> str:
        """Return what the log of a task's try says, errors included."""
        return json.dumps(self.events(dag_id, run_id, task, number))

    def sent_subjects(self) -> list[str]:
        """Return the subjects of the operator's mails, without their common prefix."""
        return [each.removeprefix("[Pressmark] ") for each in self.mail.subjects(OPERATOR)]

    def states(self, dag_id: str, run_id: str) -> dict[str, str]:
        """Return the tasks' states; of mapped ones, `task[index]`."""
        found = self.airflow.call("GET", f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances")["task_instances"]
        return {
            each["task_id"] + (f"[{each['map_index']}]" if each["map_index"] >= 0 else ""): each["state"]
            for each in found
        }

    def ended(self, dag_id: str, run_id: str) -> str:
        """Wait until a run has ended; return how."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}"
        self.until(lambda: self.airflow.call("GET", path)["state"] in {"success", "failed"})
        return str(self.airflow.call("GET", path)["state"])

    def has_packaged(self) -> bool:
        """Whether no run of the package DAG is running or queued."""
        runs = self.airflow.call("GET", f"/dags/{PACKAGE}/dagRuns?state=queued&state=running")
        return (
            not runs["dag_runs"]
            and not self.airflow.call("GET", f"/dags/{PACKAGE}/assets/queuedEvents")["total_entries"]
        )

    def last(self, dag_id: str) -> str:
        """Return the id of a DAG's newest run."""
        return str(
            self.airflow.call("GET", f"/dags/{dag_id}/dagRuns?order_by=-run_after&limit=1")["dag_runs"][0]["dag_run_id"]
        )

    def began(self, dag_id: str, run_id: str, task: str) -> datetime:
        """Return when a task began."""
        sent_subjects = self.airflow.call("GET", f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task}")
        return datetime.fromisoformat(sent_subjects["start_date"])

    def partitions(self, dag_id: str, run_id: str, task: str) -> list[str]:
        """Return the names of the mapped tasks, as the UI shows them."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task}/listMapped"
        return [each["rendered_map_index"] for each in self.airflow.call("GET", path)["task_instances"]]

    def versions(self, dag_id: str) -> int:
        """Return how many versions of a DAG Airflow has seen."""
        return len(self.airflow.call("GET", f"/dags/{dag_id}/dagVersions")["dag_versions"])

    def token(self) -> dict[str, str]:
        """Return the headers of an admin's request."""
        asked = {"username": LOGIN, "password": self.airflow.password}
        token = httpx.post(f"{self.airflow.url}/auth/token", json=asked).raise_for_status().json()["access_token"]
        return {"Authorization": f"Bearer {token}"}

    def verify(self) -> None:
        """Verify the whole archive."""
        command = [sys.executable, "-m", "pressmark", "verify", "newsroom", "--full"]
        environment = dict(self.airflow.environment)
        done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    @staticmethod
    def until(holds: Callable[[], Any], seconds: float = SECONDS) -> float:
        """Wait until something holds; return how long it took."""
        began = time.monotonic()
        while not holds():
            assert time.monotonic() - began < seconds, "it did not become true"
            time.sleep(0.1)
        return time.monotonic() - began

    def crawls(self) -> list[psutil.Process]:
        """Return the processes of running crawls: runners and archivists."""
        return [each for each in psutil.process_iter() if _crawls(each, self.spool)]


def _crawls(process: psutil.Process, spool: Path) -> bool:
    try:
        return (
            any(part.endswith((".crawl_runner", ".crawl.process")) for part in process.cmdline())
            and process.status() != psutil.STATUS_ZOMBIE
            and process.environ().get("PRESSMARK_SPOOL") == str(spool)
        )
    except psutil.Error:
        return False


@contextmanager
def night(
    folder: Path, s3: RunningS3, bucket: str, code: Path = ROOT, dags: Sequence[str] = DAGS, **more: str
) -> Iterator[Night]:
    """Start all services of this or another checkout, with DAGs unpaused and more variables; stop them at the end."""
    mail = MailServer()
    with RunningNewsroom(Newsroom(articles=60, crawl_delay=0)) as site, mail.running():
        sites = write_its_site_file(code, folder / "sites", site.url)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "PRESSMARK"))}
        environment = {
            **kept,
            **s3.environment,
            "PRESSMARK_BUCKET": bucket,
            "PRESSMARK_SITES": str(sites),
            "PRESSMARK_SPOOL": str(folder / "spool"),
            "PRESSMARK_ALARMS": f"smtp:{OPERATOR}",
            "AIRFLOW_CONN_SMTP_DEFAULT": mail.connection,
            "NO_PROXY": "127.0.0.1,localhost",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            # So that tests need not wait for a late run or a second parsing.
            "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "10",
            "PYTHONPATH": str(code),
            **more,
        }
        airflow = LocalAirflow(folder / "airflow", code / "dags", free_port(), environment)
        if code != ROOT:  # Its plugin has another name than the installed one.
            (airflow.home / "plugins").mkdir(parents=True)
            (airflow.home / "plugins/earlier.py").write_text("from apps.console.plugin import ArchivePlugin\n")
        with airflow.running():
            store = Store.open(Config.from_env(environment))
            for dag_id in dags:
                airflow.unpause(dag_id)
            yield Night(airflow, site.newsroom, store, folder / "spool", sites, mail)
