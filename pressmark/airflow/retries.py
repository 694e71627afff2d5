"""Which failures of a task another try may fix, and which would only cost the time until somebody is told."""

from datetime import timedelta

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule
from airflow.sdk.exceptions import AirflowException

from pressmark import errors


class CrawlLost(AirflowException):
    """A crawl ended without a result: it was killed, or broke off before it could leave a manifest."""


FINAL = {
    errors.CrawlRefused: "the site said no: another try would only insist",
    errors.LayoutChanged: "the page is not what it was: another try would read the same",
    errors.BucketRefused: "the bucket is gone, or its keys are wrong: another try would hear the same",
    errors.UsageError: "what was asked for can't be, however often it is asked",
}
"""Failures that no other try fixes, and why."""
RETRIES = ExceptionRetryPolicy(
    [
        *(RetryRule(error, RetryAction.FAIL, reason=reason) for error, reason in FINAL.items()),
        RetryRule(errors.HostBusy, retry_delay=timedelta(minutes=2), reason="another crawl of this host goes on"),
    ]
)
"""Whatever it does not name is tried again after the task's own delays: networks and buckets come back."""
