"""The crawl operator, with real processes in place of the crawl runner."""

import json
import logging
import os
import signal
import socket
import sys
import threading
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil  # type: ignore[import-untyped]  # Airflow brings it, and its stubs would be one more thing to lock.
import pytest
import statsd  # type: ignore[import-untyped]
from airflow.sdk import BaseOperator, RetryAction
from airflow.sdk._shared.observability.metrics.base_stats_logger import NoStatsLogger
from airflow.sdk._shared.observability.metrics.statsd_logger import get_statsd_logger
from airflow.sdk.exceptions import AirflowException
from airflow.sdk.observability import stats

from pressmark.airflow.links import RUN_LINKS
from pressmark.airflow.operators.crawl import CrawlOperator, new_crawl_id
from pressmark.errors import PressmarkError, RunFailed, UsageError
from tests.support.manifests import facts_of

COUNTS = {"listing_pages": 1, "seen": 2, "published": 1, "unchanged": 1, "rejected": 0, "failed": 0}
LISTED = {
    "key": "warc/x.warc.gz",
    "sha256": "0",
    "records": 4,
    "index": {"key": "warc/x.cdxj", "size": 1, "sha256": "0"},
}
MANIFEST = facts_of(
    datetime(2022, 2, 18, 0, 53, tzinfo=UTC),
    site="newsroom",
    ended_at="2022-02-18T00:53:02.500Z",
    counts=COUNTS,
    segments=[{**LISTED, "size": 700}, {**LISTED, "size": 300}],
    requisites={"captured": 4, "failed": 0, "left_out": 0},
    requests=[{"host": "news.example", "number": 9, "busiest_minute": 6}],
)
RESULT = {"manifest_key": "runs/a/b/1.json", "manifest": {**MANIFEST, "ended": "complete"}, "error": None}

STUB = """
import json, os, signal, subprocess, sys, time
def finish(result, code=0):
    with os.fdopen(int(sys.argv[sys.argv.index("--result-fd") + 1]), "w") as pipe:
        json.dump(result, pipe)
    sys.exit(code)
def say(level, message, logger="stub"):
    print(json.dumps({"level": level, "logger": logger, "message": message}), flush=True)
"""
RUN_ID = "manual__2026-11-23T22:00:00+00:00"


def stub(tmp_path: Path, body: str) -> list[str]:
    path = tmp_path / "stub.py"
    path.write_text(STUB + body)
    return [sys.executable, str(path)]


def crawl(runner: list[str], **options: Any) -> CrawlOperator:
    scope = options.pop("scope", {"pages": 3})
    return CrawlOperator(task_id="crawl", section="newsroom/world/europe", scope=scope, runner=runner, **options)


def execute(operator: CrawlOperator, try_number: int = 1) -> dict[str, Any]:
    # Not through the execution API: that is what tests/dags does.
    return operator.execute(context(try_number))


def context(try_number: int = 1) -> Any:
    return {"run_id": RUN_ID, "ti": SimpleNamespace(dag_id="archive_x", try_number=try_number)}


def test_result_and_arguments(tmp_path: Path) -> None:
    runner = stub(tmp_path, f"say('INFO', ' '.join(sys.argv[1:]))\nfinish({RESULT!r})")
    result = execute(crawl(runner))
    assert result.pop("run_id")
    assert result == {
        "manifest_key": "runs/a/b/1.json",
        "ended": "complete",
        "counts": COUNTS,
        "recovered": MANIFEST["recovered"],
        "newly_rejected": 0,
        "pages_found": None,
    }


@pytest.mark.parametrize(
    ("scope", "passed"),
    [
        ({"pages": 3, "recheck": True}, "--pages 3 --recheck"),
        ({"pages": 3, "recheck": False}, "--pages 3"),
        ({"pages": 3.0, "rate": 0.5}, "--pages 3 --rate 0.5"),
        ({"backfill": "6-10", "since": None, "until": "", "rate": 20}, "--backfill 6-10 --rate 20"),
        ({"find_pages": True, "since": "2022-02-01"}, "--find-pages --since 2022-02-01"),
    ],
)
def test_the_scope_is_passed_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, scope: dict[str, Any], passed: str
) -> None:
    runner = stub(tmp_path, f"say('INFO', ' '.join(sys.argv[1:]))\nfinish({RESULT!r})")
    with caplog.at_level(logging.INFO):
        execute(crawl(runner, scope=scope))
    [said] = [record.getMessage() for record in caplog.records if record.name == "stub"]
    assert said.startswith("newsroom/world/europe --run-id ")
    assert f" {passed} --log json" in said


def test_outcomes_are_metrics(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as collector:
        collector.bind(("127.0.0.1", 0))
        collector.settimeout(10)
        with closing(statsd.StatsClient(*collector.getsockname(), prefix="airflow")) as client:
            stats.initialize(
                factory=lambda: get_statsd_logger(
                    stats_class=lambda *options: client, influxdb_tags_enabled=True, statsd_influxdb_enabled=True
                ),
                export_legacy_names=False,
            )
            try:
                execute(crawl(stub(tmp_path, f"finish({RESULT!r})")))
            finally:
                stats.initialize(factory=NoStatsLogger, export_legacy_names=False)
        received = [collector.recv(1024).decode()]
        while not received[-1].startswith("airflow.pressmark.run,"):  # The last of them.
            received.append(collector.recv(1024).decode())
    tags = "site=newsroom,section=world_europe"
    assert f"airflow.pressmark.articles.published,{tags}:1|c" in received
    assert f"airflow.pressmark.articles.unchanged,{tags}:1|c" in received
    articles = [line for line in received if line.startswith("airflow.pressmark.articles.")]
    assert sum(int(line.rpartition(":")[2].removesuffix("|c")) for line in articles) == COUNTS["seen"]
    assert f"airflow.pressmark.runs.complete,{tags}:1|c" in received
    assert f"airflow.pressmark.warc_bytes,{tags}:1000|c" in received
    assert f"airflow.pressmark.requests,{tags},host=news.example:9|c" in received
    assert f"airflow.pressmark.requests_busiest_minute,{tags},host=news.example:6|g" in received
    assert received[-1] == f"airflow.pressmark.run,{tags}:2500.000000|ms"


def test_a_line_that_a_site_wrote_commands_no_terminal(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    evil = "a\x1b]0;owned\x07 \x9b31m \u202e \u2028 b"
    error = {"type": "RunFailed", "message": f"listing {evil}", "exit_code": 4}
    received = {**RESULT, "error": error}
    body = f"say('WARNING', {evil!r}, {evil!r})\nprint({evil!r}, flush=True)\nfinish({received!r}, 4)"
    with caplog.at_level(logging.INFO), pytest.raises(RunFailed) as caught:
        execute(crawl(stub(tmp_path, body)))
    seen = r"a\x1b]0;owned\x07 \x9b31m \u202e \u2028 b"
    assert [(each.name, each.getMessage()) for each in caplog.records[-2:]] == [(seen, seen), ("crawl", seen)]
    assert str(caught.value) == f"listing {seen}"


def test_lines_keep_their_level_and_logger(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    lines = (
        "say('WARNING', 'careful: 50%', 'pressmark.run')\nprint('plain', file=sys.stderr, flush=True)\nprint('[1]')\n"
    )
    with caplog.at_level(logging.INFO):
        execute(crawl(stub(tmp_path, f"{lines}finish({RESULT!r})")))
    relayed = [(each.name, each.levelname, each.getMessage()) for each in caplog.records]
    assert [each for each in relayed if each[0] in {"pressmark.run", "crawl"}] == [
        ("pressmark.run", "WARNING", "careful: 50%"),
        ("crawl", "INFO", "plain"),
        ("crawl", "INFO", "[1]"),
    ]


def test_a_result_larger_than_a_pipe_holds(tmp_path: Path) -> None:
    articles = [{"article_id": "a", "url": "x" * 100, "outcome": "failed"}]
    large = f"result = {RESULT!r}\nresult['manifest']['articles'] = {articles!r} * 50000\nfinish(result)"
    assert execute(crawl(stub(tmp_path, large)))["counts"] == COUNTS


@pytest.mark.parametrize(
    ("kind", "code", "action"),
    [
        ("LayoutChanged", 4, RetryAction.FAIL),
        ("CrawlRefused", 4, RetryAction.FAIL),
        ("UnknownSection", 2, RetryAction.FAIL),
        ("SiteFileError", 2, RetryAction.FAIL),
        ("RunFailed", 4, RetryAction.DEFAULT),
        ("BucketUnreachable", 3, RetryAction.DEFAULT),
        ("BucketRefused", 3, RetryAction.FAIL),
        ("ClockWrong", 3, RetryAction.FAIL),
        ("HostBusy", 6, RetryAction.RETRY),
        ("Unheard", 1, RetryAction.DEFAULT),
    ],
)
def test_failures_that_another_try_may_repair_are_tried_again(
    tmp_path: Path, kind: str, code: int, action: RetryAction
) -> None:
    error = {"manifest_key": None, "error": {"type": kind, "message": "what to do", "exit_code": code}}
    operator = crawl(stub(tmp_path, f"finish({error!r}, {code})"))
    with pytest.raises(PressmarkError, match=r"^what to do$") as raised:
        execute(operator)
    assert type(raised.value).__name__ == (kind if kind != "Unheard" else "PressmarkError")
    assert operator.retry_policy is not None
    decision = operator.retry_policy.evaluate(raised.value, 1, 3)
    assert decision.action is action
    assert bool(decision.reason) is (action is not RetryAction.DEFAULT)


def test_links_lead_to_the_run_once_there_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example/here")
    operator = crawl(stub(tmp_path, f"finish({RESULT!r})"))
    key: Any = None
    assert {link.get_link(operator, ti_key=key) for link in RUN_LINKS} == {""}
    execute(operator)
    assert {link.name: link.get_link(operator, ti_key=key) for link in RUN_LINKS} == {
        "Archive": "https://airflow.example/here/archive/runs/a/b/1.json",
        "Manifest": "https://airflow.example/here/archive/document?key=runs/a/b/1.json",
        "WARC segments": "https://airflow.example/here/archive/runs/a/b/1.json#segments",
    }
    assert len({link.xcom_key for link in RUN_LINKS}) == len(RUN_LINKS)


def test_a_runner_that_breaks(tmp_path: Path) -> None:
    with pytest.raises(AirflowException, match="exit code 1 and left no result"):
        execute(crawl(stub(tmp_path, "raise RuntimeError('broken')")))


def test_what_can_not_be_asked_for_is_not_asked_for_again(tmp_path: Path) -> None:
    operator = crawl(stub(tmp_path, "print('Error: Invalid value for pages')\nsys.exit(2)"))
    with pytest.raises(UsageError, match="parameters are invalid") as raised:
        execute(operator)
    assert operator.retry_policy is not None
    assert operator.retry_policy.evaluate(raised.value, 1, 3).action is RetryAction.FAIL


def test_an_interrupted_run_is_no_success(tmp_path: Path) -> None:
    interrupted = RESULT | {"manifest": {**MANIFEST, "ended": "interrupted"}}
    with pytest.raises(AirflowException, match="The crawl was stopped"):
        execute(crawl(stub(tmp_path, f"finish({interrupted!r})")))


def test_on_kill_ends_the_whole_group(tmp_path: Path) -> None:
    pid_file = tmp_path / "pids"
    body = f"""
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
def stop(*_):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # It comes twice, and `wait` within `wait` would lock itself.
    say("WARNING", "asked to stop")
    child.wait()
    finish({RESULT | {"manifest": {**MANIFEST, "ended": "interrupted"}}!r})
signal.signal(signal.SIGTERM, stop)
open({str(pid_file)!r}, "w").write(f"{{os.getpid()}} {{child.pid}}\\n")
time.sleep(600)
"""
    operator = crawl(stub(tmp_path, body))
    raised: list[BaseException] = []

    def work() -> None:
        try:
            execute(operator)
        except AirflowException as error:
            raised.append(error)

    task = threading.Thread(target=work)
    task.start()
    started = [psutil.Process(pid) for pid in _pids(pid_file)]
    assert {os.getsid(each.pid) for each in started} == {started[0].pid} != {os.getsid(0)}
    operator.on_kill()
    operator.on_kill()
    task.join(20)
    assert not task.is_alive()
    _, alive = psutil.wait_procs(started, timeout=10)
    assert not alive
    assert "stopped" in str(raised[0])
    operator.on_kill()


def test_a_kill_just_before_the_crawl_starts_holds(tmp_path: Path) -> None:
    operator = crawl(stub(tmp_path, "time.sleep(600)"))
    operator.on_kill()
    with pytest.raises(AirflowException, match=f"exit code -{signal.SIGTERM.value} and left no result"):
        execute(operator)


def test_a_task_that_runs_out_of_time_lets_the_crawl_say_its_last_words(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ready = tmp_path / "ready"
    body = f"""
def stop(*_):
    for number in range(20000):
        say("INFO", "sealing " + str(number))
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
open({str(ready)!r}, "w").close()
time.sleep(600)
"""

    def out_of_time(number: int, frame: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, out_of_time)
    alarm = threading.Thread(target=lambda: (_wait_for(ready), os.kill(os.getpid(), signal.SIGALRM)))
    alarm.start()
    try:
        with caplog.at_level(logging.INFO), pytest.raises(TimeoutError):
            execute(crawl(stub(tmp_path, body)))
    finally:
        alarm.join()
        signal.signal(signal.SIGALRM, before)
    assert caplog.records[-1].getMessage() == "sealing 19999"


def test_run_ids_are_safe_unique_per_try_and_traceable() -> None:
    first, second = new_crawl_id(context(1)), new_crawl_id(context(2))
    assert first != second
    assert first.split("-")[1] == second.split("-")[1]
    assert first.endswith("-1")
    assert set(first) <= set("0123456789abcdefT-")
    moment = datetime.strptime(first.split("-")[0], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    assert abs((datetime.now(UTC) - moment).total_seconds()) < 60


def test_it_is_an_operator_whose_parameters_are_templates() -> None:
    assert issubclass(CrawlOperator, BaseOperator)
    assert set(CrawlOperator.template_fields) == {"section", "scope"}
    json.dumps(CrawlOperator.template_fields)


def _wait_for(path: Path) -> None:
    deadline = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _pids(path: Path) -> list[int]:
    deadline = time.monotonic() + 20
    while not (path.exists() and path.read_text().endswith("\n")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return [int(pid) for pid in path.read_text().split()]
