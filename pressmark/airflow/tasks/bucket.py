"""The bucket of an Airflow task, as its environment names it."""

import logging

from pressmark.archive.s3.store import Store
from pressmark.config import Config
from pressmark.system.logs import escape_our_records


def quiet_logs() -> None:
    """Keep the task's log readable: drop boto3's lines about its keys, and escape control characters."""
    escape_our_records()
    logging.getLogger("botocore").setLevel(logging.WARNING)


def open_store() -> Store:
    """Return the bucket once it answers; keep the log quiet.

    Raises:
        BucketUnreachable: it does not answer.
        BucketRefused: wrong keys, or no such bucket.
    """
    quiet_logs()
    return Store.open(Config.read())
