from datetime import timedelta

from pressmark.crawl.state.run import RunStatus
from pressmark.errors import BucketError, RunFailed


def test_a_run_is_complete_unless_something_happens() -> None:
    status = RunStatus()
    assert (status.ended, status.reason) == ("complete", None)


def test_only_the_first_failure_is_kept() -> None:
    status = RunStatus()
    status.fail(RunFailed("first"))
    status.interrupt()
    status.fail(RunFailed("second"))
    assert (status.ended, status.reason) == ("failed", "first")


def test_an_abort_fails_the_run_and_stops_the_crawl() -> None:
    status, stopped = RunStatus(), list[bool]()
    status.stop_with(lambda: stopped.append(True))
    status.abort(BucketError("no bucket"))
    assert (status.ended, status.reason, stopped) == ("failed", "no bucket", [True])


def test_a_time_limit_interrupts_and_stops_the_crawl() -> None:
    status, stopped = RunStatus(), list[bool]()
    status.stop_with(lambda: stopped.append(True))
    status.time_out(timedelta(minutes=5))
    assert (status.ended, status.failure, stopped) == ("interrupted", None, [True])
    assert status.reason is not None
    assert "0:05:00" in status.reason
