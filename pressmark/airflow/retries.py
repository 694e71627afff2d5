"""Which failures of a task are retried, and which fail at once."""

from datetime import timedelta

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule
from airflow.sdk.exceptions import AirflowException

from pressmark import errors


class CrawlLost(AirflowException):
    """A crawl ended without a result: it was killed, or broke off before it wrote a manifest."""


FINAL = {
    errors.CrawlRefused: "the site refused: it must not be asked again",
    errors.LayoutChanged: "the page's layout changed: another try would read the same",
    errors.BucketRefused: "the bucket is gone, or its keys are wrong: another try would get the same answer",
    errors.UsageError: "the parameters are invalid: another try would fail the same way",
}
"""Failures that another try can't fix, and why."""
RETRIES = ExceptionRetryPolicy(
    [
        *(RetryRule(error, RetryAction.FAIL, reason=reason) for error, reason in FINAL.items()),
        RetryRule(errors.HostBusy, retry_delay=timedelta(minutes=2), reason="another crawl of this host is running"),
    ]
)
"""Other failures are retried after the task's own delay: networks and buckets come back."""
