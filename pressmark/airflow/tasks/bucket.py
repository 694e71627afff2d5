"""The bucket of an Airflow task: the one that its environment names."""

import logging
import os

from pressmark.archive.s3.store import Store
from pressmark.config import Config
from pressmark.system.logs import escape_our_records


def quiet_logs() -> None:
    """Keep the task's log readable: without boto3's lines on where it found its keys, and safe to show."""
    escape_our_records()
    logging.getLogger("botocore").setLevel(logging.WARNING)


def open_store() -> Store:
    """Return the bucket, which answers; be quiet about it.

    Raises:
        BucketUnreachable: nobody answers.
        BucketRefused: wrong keys, or no such bucket.
    """
    quiet_logs()
    return Store.open(Config.from_env(os.environ))
