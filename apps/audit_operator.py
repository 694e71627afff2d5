"""The audit as an Airflow task: it reads a whole archive back, and leaves what it found in the bucket."""

import logging
import os
from collections.abc import Sequence
from typing import Any

from airflow.sdk import BaseOperator, Context
from airflow.sdk.exceptions import AirflowFailException

from apps.links import DocumentLink
from pressmark.config import Config

SHOWN = 20
"""Findings in the task's message; the audit has them all."""
EVERY = 100
"""Runs or documents between two lines of the log."""


class AuditOperator(BaseOperator):
    """Audit one site.

    Args:
        site: its name.
        sample: how many documents to make again from their captures.

    Returns (XCom): `key` of the audit in the bucket, and its `checked` counts.
    """

    template_fields: Sequence[str] = ("sample",)
    operator_extra_links = (DocumentLink("Audit", "/document?key={key}"),)

    def __init__(self, *, site: str, sample: int | str, **options: Any) -> None:
        super().__init__(**options)
        self.site = site
        self.sample = sample
        self.document_key: str | None = None
        """Of the audit, once it is written."""

    def execute(self, context: Context) -> dict[str, Any]:
        """Read it all.

        Raises:
            AirflowFailException: something is wrong in the archive.
            BucketError: the bucket failed.
        """
        from apps.auditing import audit  # It brings Scrapy.

        logging.getLogger("botocore").setLevel(logging.WARNING)  # It tells where it found its keys, each time.
        told = audit(Config.from_env(os.environ), self.site, sample=int(self.sample), progress=self._progress)
        self.document_key = told["key"]
        self.log.info("Audit: %s", told["key"])
        findings = told["findings"]
        if findings["grave"]:
            listed = "\n".join(f"  {each['key']}: {each['problem']}" for each in findings["listed"][:SHOWN])
            raise AirflowFailException(f"{findings['grave']} grave findings, see {told['key']}:\n{listed}")
        return {"key": told["key"], "checked": told["checked"]}

    def _progress(self, what: str, done: int, total: int) -> None:
        if done == total or not done % EVERY:
            self.log.info("%s: %d of %d", what, done, total)
