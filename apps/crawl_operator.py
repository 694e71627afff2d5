"""The crawl as an Airflow task: a process of its own that the task starts, listens to and can stop.

A cancelled task is told so by `on_kill` alone, and five seconds later it is killed; nothing is raised in it. A crawl
inside the task's own process would go on. So the crawl runner gets a session of its own, and signals of its own.
"""

import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import BaseOperator, Context
from airflow.sdk.exceptions import AirflowException, AirflowFailException
from airflow.sdk.observability import stats

from apps import dag_ids
from pressmark.outcomes import Outcome

RUNNER = (sys.executable, "-m", "apps.crawl_runner")
FINAL = frozenset({"LayoutChanged", "CrawlRefused"})
"""Failures that another try would only repeat, on a site that has said no or has changed."""
USAGE = 2
"""Exit code of wrong usage: of everything that a try can't mend either."""
STOP_SECONDS = 90
"""How long a crawl may take to end in order when the task does not wait for it any more, e.g. on a timeout; for 60 of
them it waits for a bucket that is away (`PRESSMARK_PATIENCE`)."""


class CrawlOperator(BaseOperator):
    """Crawl one section once.

    Args:
        section: `SITE/SECTION`.
        pages: visit this many listing pages at most.
        recheck: visit all of them, and every article again.
        runner: the command that crawls; the default is the project's own.

    Returns (XCom): `run_id`, `manifest_key`, `counts`, `ended`, `recovered` and `newly_rejected` of the run.
    """

    template_fields: Sequence[str] = ("section", "pages", "recheck")

    def __init__(
        self,
        *,
        section: str,
        pages: int | str,
        recheck: bool | str = False,
        runner: Sequence[str] = RUNNER,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.section = section
        self.pages = pages
        self.recheck = recheck
        self.runner = runner
        self._process: subprocess.Popen[str] | None = None
        self._killed = False

    def execute(self, context: Context) -> dict[str, Any]:
        """Run the crawl and return what came of it.

        Raises:
            AirflowFailException: it failed, and would again.
            AirflowException: it failed or was interrupted; another try may succeed.
        """
        run_id = run_id_of(context)
        self.log.info("Crawl run %s of %s, for DAG run %s", run_id, self.section, context["run_id"])
        with tempfile.TemporaryFile("w+", encoding="utf-8") as result:
            code = self._crawl(self._command(run_id, result.fileno()), result.fileno())
            result.seek(0)
            written = result.read()
        return self._judge(run_id, code, json.loads(written) if written else {})

    def on_kill(self) -> None:
        """Ask the crawl to end: it seals and uploads what it has. As often as Airflow likes."""
        self._killed = True
        if self._process:
            _signal(self._process, signal.SIGTERM)

    def _command(self, run_id: str, result: int) -> list[str]:
        command = [*self.runner, self.section, "--run-id", run_id, "--pages", str(self.pages)]
        if str(self.recheck).lower() == "true":
            command.append("--recheck")
        return [*command, "--log", "json", "--result-fd", str(result)]

    def _crawl(self, command: list[str], result: int) -> int:
        self._process = process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            pass_fds=[result],
            start_new_session=True,
        )
        try:
            if self._killed:  # Just before there was a process.
                _signal(process, signal.SIGTERM)
            assert process.stdout
            for line in process.stdout:
                _relay(line.rstrip("\n"))
            return process.wait()
        finally:
            _end(process)

    def _measure(self, manifest: dict[str, Any]) -> None:
        """Tell Airflow's metrics what became of the articles, whether or not the run can be trusted."""
        site, _, section = self.section.partition("/")
        for outcome in Outcome:
            count = manifest["counts"].get(outcome, 0)
            stats.incr(
                f"pressmark.articles.{outcome}", count, tags={"site": site, "section": section.replace("/", "_")}
            )

    def _judge(self, run_id: str, code: int, result: dict[str, Any]) -> dict[str, Any]:
        manifest = result.get("manifest") or {}
        if result.get("manifest_key"):
            self.log.info("Manifest: %s", result["manifest_key"])
            self._measure(manifest)
        if error := result.get("error"):
            told = f"{error['type']}: {error['message']}"
            if error["type"] in FINAL or error["exit_code"] == USAGE:
                raise AirflowFailException(told)
            raise AirflowException(told)
        if code or not manifest:
            raise AirflowException(f"The crawl ended with exit code {code} and left no result: see the lines above.")
        if self._killed or manifest["ended"] == "interrupted":
            raise AirflowException("The crawl was stopped. What it had captured is in the bucket.")
        return {
            "run_id": run_id,
            "manifest_key": result["manifest_key"],
            "counts": manifest["counts"],
            "ended": manifest["ended"],
            "recovered": manifest["recovered"],
            "newly_rejected": manifest["newly_rejected"],
        }


def run_id_of(context: Context) -> str:
    """Return an id for the crawl, safe in keys and file names, e.g. `20220218T005300-3fa9c1-2`.

    It sorts by the time of the try; the middle is that of the DAG run, the end counts the tries.
    """
    instance = context["ti"]
    digest = dag_ids.digest(instance.dag_id, context["run_id"])
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{digest}-{instance.try_number}"


def _relay(line: str) -> None:
    """Log a line of the runner as it was meant; what is no JSON is text that something printed."""
    try:
        entry = json.loads(line)
        name, level, message = entry["logger"], entry["level"], entry["message"]
    except (ValueError, TypeError, KeyError):
        name, level, message = "crawl", "INFO", line
    logging.getLogger(name).log(logging.getLevelNamesMapping().get(level, logging.INFO), "%s", message)


def _signal(process: subprocess.Popen[str], number: int) -> None:
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)


def _end(process: subprocess.Popen[str]) -> None:
    """Leave no crawl behind, whatever made the task stop listening."""
    _signal(process, signal.SIGTERM)
    try:
        said, _ = process.communicate(timeout=STOP_SECONDS)  # Reads on: a crawl that nobody listens to would wait.
    except subprocess.TimeoutExpired:
        _signal(process, signal.SIGKILL)
        said, _ = process.communicate()
    for line in said.splitlines():
        _relay(line)
