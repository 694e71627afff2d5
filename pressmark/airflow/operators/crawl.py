"""The crawl as an Airflow task: a separate process that the task starts, listens to and can stop.

Airflow calls `on_kill` when a task is cancelled, and kills it five seconds later; it raises nothing in the task.
A crawl inside the task's process would go on. So the crawl runner has its own session and gets its own signals.
"""

import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import attrs
from airflow.sdk import BaseOperator, Context, TriggerRule
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from pressmark import errors
from pressmark.airflow import ids
from pressmark.airflow.links import RUN_LINKS
from pressmark.airflow.metrics import emit_metrics
from pressmark.airflow.retries import RETRIES, CrawlLost
from pressmark.archive.bucket.manifest_model import INTERRUPTED, Manifest
from pressmark.model.json_model import JsonModel
from pressmark.text import shown, shown_lines

__all__ = ["RETRIES"]

RUNNER = (sys.executable, "-m", "pressmark.crawl.process")
_DONE = {"success", "skipped"}
STOP_SECONDS = 90
"""How long a crawl may take to end in order after the task stopped waiting for it, e.g. on a timeout. For 10 of these
seconds it waits for a bucket that is away (`pressmark.archive.s3.patience`)."""


class CrawlOperator(BaseOperator):
    """Crawl one section once.

    Args:
        section: `SITE/SECTION`.
        scope: what to crawl, as the runner's options without their dashes, e.g. `{"pages": 5, "recheck": False}`,
            `{"backfill": "6-10", "rate": 20}`, `{"article": URL}`; None, empty and False are left out.
        runner: the command that crawls; the default is the project's own.

    Returns (XCom): `run_id`, `manifest_key`, `counts`, `ended`, `recovered`, `newly_rejected` and `pages_found` of the
    run.
    """

    template_fields: Sequence[str] = ("section", "scope")
    operator_extra_links = RUN_LINKS

    def __init__(self, *, section: str, scope: dict[str, Any], runner: Sequence[str] = RUNNER, **options: Any) -> None:
        super().__init__(**{"retry_policy": RETRIES} | options)
        self.section = section
        self.scope = scope
        self.runner = runner
        self.document_key: str | None = None
        """Key of the run's manifest, once there is one; the links use it."""
        self._process: subprocess.Popen[str] | None = None
        self._killed = False

    def execute(self, context: Context) -> dict[str, Any]:
        """Run the crawl and return its result.

        Raises:
            PressmarkError: it failed; `RETRIES` decides by its class whether to try again.
            AirflowException: it was interrupted, or broke off.
            AirflowFailException: it was cleared alone, and the tasks after it are done.
        """
        self._refuse_alone(context)
        run_id = new_crawl_id(context)
        self.log.info("Crawl run %s of %s, for DAG run %s", run_id, self.section, context["run_id"])
        with tempfile.TemporaryFile("w+", encoding="utf-8") as result:
            code = self._crawl(self._command(run_id, result.fileno()), result.fileno())
            result.seek(0)
            written = result.read()
        return self._judge(run_id, code, _Result.read(written))

    def on_kill(self) -> None:
        """Ask the crawl to end: it seals and uploads what it has. Airflow may call this repeatedly."""
        self._killed = True
        if self._process:
            _signal(self._process, signal.SIGTERM)

    def _refuse_alone(self, context: Context) -> None:
        """Refuse to crawl if the tasks after it would not run again: they would show the previous crawl as success."""
        instance = context["ti"]
        if not self.downstream_task_ids:
            return
        following = [each.task_id for each in self.downstream_list if each.trigger_rule != TriggerRule.ALL_DONE]
        index = None if instance.map_index is None or instance.map_index < 0 else instance.map_index
        states = instance.get_task_states(
            dag_id=instance.dag_id, run_ids=[context["run_id"]], task_ids=following, map_index=index
        )
        done = sorted(name for name, state in states.get(context["run_id"], {}).items() if state in _DONE)
        if done:
            raise AirflowFailException(
                f"{', '.join(done)} of this run would report the previous crawl: clear the crawl together with "
                "what follows it (Downstream)."
            )

    def _command(self, run_id: str, result: int) -> list[str]:
        command = [*self.runner, self.section, "--run-id", run_id]
        for name, value in self.scope.items():
            option = f"--{name.replace('_', '-')}"
            if isinstance(value, float) and value.is_integer():
                value = int(value)  # noqa: PLW2901  # To JSON, and so to a form, 2.0 is a whole number.
            if value is True:
                command.append(option)
            elif value not in {None, False, ""}:
                command += [option, str(value)]
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
            if self._killed:  # It was killed before the process existed.
                _signal(process, signal.SIGTERM)
            assert process.stdout
            for line in process.stdout:
                _relay(line.rstrip("\n"))
            return process.wait()
        finally:
            _end(process)

    def _judge(self, run_id: str, code: int, result: "_Result") -> dict[str, Any]:
        manifest = result.manifest
        if result.manifest_key:
            self.document_key = result.manifest_key
            self.log.info("Manifest: %s", result.manifest_key)
        if manifest:
            emit_metrics(manifest)
        if result.error:
            raise errors.error_by_name(result.error["type"], shown_lines(result.error["message"]))
        if manifest and (
            self._killed or manifest.ended == INTERRUPTED
        ):  # A second signal may arrive during its last steps.
            reason = f": {manifest.reason}" if manifest.reason else ""
            raise AirflowException(
                f"The crawl was stopped{reason}. "
                "What it captured is in the bucket, and the next try goes on from there."
            )
        if code == errors.UsageError.exit_code:
            raise errors.UsageError("The crawl's parameters are invalid: see the lines above.")
        if code or manifest is None:
            raise CrawlLost(f"The crawl ended with exit code {code} and left no result: see the lines above.")
        return {
            "run_id": run_id,
            "manifest_key": result.manifest_key,
            "counts": dict(manifest.counts),
            "ended": manifest.ended,
            "recovered": manifest.recovered.to_json(),
            "newly_rejected": manifest.newly_rejected,
            "pages_found": manifest.pages_found and list(manifest.pages_found),
        }


@attrs.frozen(kw_only=True)
class _Result(JsonModel):
    """What the runner wrote; empty if it was killed."""

    manifest_key: str | None = None
    manifest: Manifest | None = None
    error: Mapping[str, Any] | None = None

    @classmethod
    def read(cls, written: str) -> "_Result":
        try:
            return cls.from_json(json.loads(written)) if written else cls()
        except ValueError as error:
            raise AirflowException(f"The crawl left a result that can't be read: {error}") from None


def new_crawl_id(context: Context) -> str:
    """Return an id for the crawl, safe in keys and file names, e.g. `20220218T005300-3fa9c1-2`.

    Time of the try, digest of the DAG run, number of the try: ids sort by time.
    """
    instance = context["ti"]
    digest = ids.digest(instance.dag_id, context["run_id"])
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{digest}-{instance.try_number}"


def _relay(line: str) -> None:
    """Log a line of the runner with its logger and level; a line that is no JSON was printed by something else."""
    try:
        entry = json.loads(line)
        name, level, message = (str(entry[part]) for part in ("logger", "level", "message"))
    except (ValueError, TypeError, KeyError):
        name, level, message = "crawl", "INFO", line
    number = logging.getLevelNamesMapping().get(level, logging.INFO)
    logging.getLogger(shown(name)).log(number, "%s", shown_lines(message))


def _signal(process: subprocess.Popen[str], number: int) -> None:
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)


def _end(process: subprocess.Popen[str]) -> None:
    """Stop the crawl, whatever made the task stop listening."""
    _signal(process, signal.SIGTERM)
    try:
        output, _ = process.communicate(timeout=STOP_SECONDS)  # Keeps reading: with a full pipe the crawl would hang.
    except subprocess.TimeoutExpired:
        _signal(process, signal.SIGKILL)
        output, _ = process.communicate()
    for line in output.splitlines():
        _relay(line)
