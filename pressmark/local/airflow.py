"""A local Airflow for trying things out: SQLite, LocalExecutor, loopback only, all in one folder."""

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import attrs
import httpx

from pressmark.errors import ServiceFailed
from pressmark.system.child_process import POLL, Program
from pressmark.system.ports import LOOPBACK, require_free

LOGIN = "admin"
READY_SECONDS = 180
STOP_SECONDS = 15
LOCKED_TRIES = 10
"""SQLite answers "database is locked" at once if two transactions read before they write; one is rolled back."""
LOCKED_SECONDS = 1.0
PARTS = {
    # The log servers would listen on all interfaces; on one machine logs are read from their files.
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "dag-processor": ["dag-processor"],
    "triggerer": ["triggerer", "--skip-serve-logs"],
    "api-server": ["api-server"],
}


@attrs.define
class LocalAirflow:
    """Airflow's four programs and a client of its API; DAGs are paused at first."""

    home: Path
    """AIRFLOW_HOME: created if it is missing."""
    dags: Path
    port: int
    environment: Mapping[str, str]
    """Variables of DAGs and tasks, beside Airflow's own."""
    settings: Mapping[str, str] = {}
    """Airflow variables that replace the default ones: another executor, another database."""
    password: str = attrs.field(factory=lambda: secrets.token_urlsafe(12), repr=False)
    _programs: list[Program] = attrs.field(factory=list, init=False)
    _client: httpx.Client = attrs.field(factory=lambda: httpx.Client(trust_env=False, timeout=90), init=False)

    @property
    def url(self) -> str:
        """Address of the UI."""
        return f"http://{LOOPBACK}:{self.port}"

    @contextmanager
    def running(self) -> Iterator["LocalAirflow"]:
        """Start it, wait until all parts are healthy, and stop it at the end of the block.

        Raises:
            ServiceFailed: the port is in use, or a part did not come up.
        """
        require_free(self.port, "Airflow", "Choose another port.")
        self.home.mkdir(parents=True, exist_ok=True)
        self._prepare()
        with ExitStack() as stack:
            stack.callback(self._client.close)
            stack.callback(self.stop)
            for name, arguments in PARTS.items():
                program = self.program(name, arguments)
                program.start()
                self._programs.append(program)
            self._programs[-1].wait_until(self.is_healthy, READY_SECONDS)
            self._log_in()
            yield self

    def unpause(self, dag_id: str) -> None:
        """Unpause the DAG, once Airflow has found it.

        Raises:
            ServiceFailed: the DAG file can't be imported, or there is no such DAG in it.
        """
        self.head("dag-processor").wait_until(lambda: self._knows(dag_id), READY_SECONDS)
        self.call("PATCH", f"/dags/{dag_id}", {"is_paused": False})

    def trigger(self, dag_id: str, conf: dict[str, Any] | None = None) -> str:
        """Start a run of the DAG and return its id."""
        body = {"logical_date": None, "conf": conf or {}}
        return str(self.call("POST", f"/dags/{dag_id}/dagRuns", body)["dag_run_id"])

    def wait(self, dag_id: str, run_id: str, seconds: float) -> float:
        """Wait until the run has succeeded, and return how long it took, in seconds.

        Raises:
            ServiceFailed: it failed, a task needs another try, or the time is up; with the task's last log lines.
        """
        deadline = time.monotonic() + seconds
        while True:
            run = self.call("GET", f"/dags/{dag_id}/dagRuns/{run_id}")
            if run["state"] == "success":
                return float(run["duration"])
            tasks = self.call("GET", f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances")["task_instances"]
            wrong = [each for each in tasks if each["state"] in {"failed", "up_for_retry"}]
            if run["state"] == "failed" or wrong:
                raise ServiceFailed(f"the run {run_id} of {dag_id} failed. {self._task_log(wrong)}")
            if time.monotonic() > deadline:
                log = self.head("scheduler").log_tail()
                raise ServiceFailed(f"the run {run_id} of {dag_id} did not end within {seconds:g} s. {log}")
            time.sleep(POLL * 10)

    def result(self, dag_id: str, run_id: str, task_id: str) -> Any:
        """Return what a task of a run returned."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/return_value"
        return self.call("GET", path)["value"]

    def check(self) -> None:
        """Raise ServiceFailed if a part has ended unexpectedly."""
        for program in self._programs:
            program.check()

    def is_healthy(self) -> bool:
        """Return whether all parts are healthy; raise ServiceFailed if one has ended unexpectedly."""
        self.check()
        try:
            health = self._client.get(f"{self.url}/api/v2/monitor/health").raise_for_status().json()
        except httpx.HTTPError:
            return False
        return all(part["status"] == "healthy" for part in health.values())

    def program(self, name: str, arguments: list[str]) -> Program:
        """Return one of its programs, not started yet: `airflow` with these arguments."""
        command = [sys.executable, "-m", "airflow", *arguments]
        return Program(f"Airflow's {name}", command, self.variables, self.home, self.home / f"{name}.log")

    def head(self, part: str) -> Program:
        """Return the program of a part."""
        return self._programs[list(PARTS).index(part)]

    def _prepare(self) -> None:
        passwords = self.home / "passwords.json"
        with os.fdopen(os.open(passwords, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump({LOGIN: self.password}, file)
        log = self.home / "migrate.log"
        with log.open("wb") as output:
            done = subprocess.run(
                [sys.executable, "-m", "airflow", "db", "migrate"],
                env=self.variables,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if done.returncode:
            tail = "\n".join(f"  | {line}" for line in log.read_text("utf-8", "replace").splitlines()[-30:])
            raise ServiceFailed(f"`airflow db migrate` failed. {log} ends with:\n{tail}")

    @property
    def variables(self) -> dict[str, str]:
        """The environment of its programs."""
        return {
            **self.environment,
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.dags),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__PARALLELISM": "4",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{LOGIN}:admin",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(self.home / "passwords.json"),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "AIRFLOW__CORE__FERNET_KEY": "",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.home / 'airflow.db'}?timeout=15",
            "AIRFLOW__API__HOST": LOOPBACK,
            "AIRFLOW__API__PORT": str(self.port),
            "AIRFLOW__API__BASE_URL": self.url,
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__API__SECRET_KEY": self.password,
            "AIRFLOW__API_AUTH__JWT_SECRET": self.password * 4,
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
            "NO_COLOR": "1",
            **self.settings,
        }

    def _log_in(self) -> None:
        body = {"username": LOGIN, "password": self.password}
        token = self._client.post(f"{self.url}/auth/token", json=body).raise_for_status().json()["access_token"]
        self._client.headers["Authorization"] = f"Bearer {token}"

    def _knows(self, dag_id: str) -> bool:
        errors = self.call("GET", "/importErrors")["import_errors"]
        if errors:
            raise ServiceFailed(f"a DAG file can't be imported: {errors[0]['filename']}\n{errors[0]['stack_trace']}")
        return any(dag["dag_id"] == dag_id for dag in self.call("GET", "/dags")["dags"])

    def _task_log(self, tasks: list[dict[str, Any]]) -> str:
        if not tasks:
            return self.head("scheduler").log_tail()
        task = tasks[0]
        path = f"/dags/{task['dag_id']}/dagRuns/{task['dag_run_id']}/taskInstances/{task['task_id']}/logs"
        entries = self.call("GET", f"{path}/{max(1, task['try_number'])}")["content"]
        lines = [_line(each) if isinstance(each, dict) else str(each) for each in entries]
        last = "\n".join(f"  | {line}" for text in lines for line in text.splitlines()[-30:])
        return f"The log of its task {task['task_id']} ends with:\n{last}"

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Call its API (`/api/v2` and the path) as the admin.

        Raises:
            ServiceFailed: it does not answer, or answers with an error.
        """
        for left in reversed(range(LOCKED_TRIES)):
            try:
                response = self._client.request(method, f"{self.url}/api/v2{path}", json=body)
            except httpx.HTTPError as error:
                log_tail = self.head("api-server").log_tail()
                raise ServiceFailed(f"Airflow's API does not answer: {error}. {log_tail}") from error
            if not (left and _is_database_error(response)):
                break
            time.sleep(LOCKED_SECONDS)
        if response.is_error:
            raise ServiceFailed(f"Airflow answers {response.status_code} to {method} {path}: {response.text[:500]}")
        return response.json() if response.content else None

    def stop(self) -> None:
        """Stop it; without effect if it is not running."""
        if self._programs:
            self.head("scheduler").stop(STOP_SECONDS)  # First: its tasks report to the API as they end.
        for program in self._programs:
            program.terminate()
        for program in self._programs:
            program.stop(STOP_SECONDS)
        self._programs.clear()


def _is_database_error(response: httpx.Response) -> bool:
    """Return whether a request's transaction failed; Airflow gives the same error for a lock and for other faults."""
    return response.status_code == HTTPStatus.INTERNAL_SERVER_ERROR and "Database error" in response.text


def _line(entry: dict[str, Any]) -> str:
    """Return a line of a task's log with its errors."""
    errors = (f"{each['exc_type']}: {each['exc_value']}" for each in entry.get("error_detail") or ())
    return "\n".join([entry["event"], *errors])
