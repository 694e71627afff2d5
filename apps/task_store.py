"""The bucket of an Airflow task: the one that its environment names."""

import logging
import os

from pressmark.archive.store import Store
from pressmark.config import Config


def be_quiet() -> None:
    """Keep boto3 from telling where it found its keys, each time, in the task's log."""
    logging.getLogger("botocore").setLevel(logging.WARNING)


def opened() -> Store:
    """Return the bucket, which answers; be quiet about it.

    Raises:
        BucketUnreachable: nobody answers.
        BucketRefused: wrong keys, or no such bucket.
    """
    be_quiet()
    return Store.open(Config.from_env(os.environ))
