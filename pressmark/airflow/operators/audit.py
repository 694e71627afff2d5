"""The last step of an audit as an Airflow task: it adds up the results and writes them to the bucket."""

from collections.abc import Sequence
from typing import Any

from airflow.sdk import BaseOperator, Context
from airflow.sdk.exceptions import AirflowFailException

from pressmark.airflow.links import DocumentLink
from pressmark.monitoring.alarm import MOST_LISTED
from pressmark.sites.site import Site
from pressmark.text import shown


class AuditOperator(BaseOperator):
    """Write the audit of a site.

    Args:
        site: the site.
        partition_results: what the task *look* returned for each partition.
        global_result: what the task *survey* returned.

    Returns (XCom): `key` of the audit in the bucket, and its `checked` counts.
    """

    template_fields: Sequence[str] = ("partition_results", "global_result")
    operator_extra_links = (DocumentLink("Audit", "/document?key={key}"),)

    def __init__(self, *, site: Site, partition_results: Any, global_result: Any, **options: Any) -> None:
        super().__init__(**options)
        self.site, self.partition_results, self.global_result = site, partition_results, global_result
        self.document_key: str | None = None
        """Key of the audit, once it is written."""

    def execute(self, context: Context) -> dict[str, Any]:
        """Add up, write and report.

        Raises:
            AirflowFailException: the archive has grave findings.
            BucketError: the bucket failed.
        """
        from pressmark.airflow.alerts.site import notify_findings, notify_no_findings
        from pressmark.airflow.tasks.audit import write  # It brings Scrapy.

        run = context["dag_run"]
        began = run.start_date or run.run_after
        document = write(
            self.site, [*self.partition_results, self.global_result], context["params"], run.run_after, began
        )
        self.document_key = document["key"]
        self.log.info("Audit: %s", document["key"])
        findings = document["findings"]
        if findings["grave"]:
            problems = {each["key"]: each["problem"] for each in findings["listed"] if each["grave"]}
            notify_findings(self.site.site, context, problems, findings["grave"])
            listed = "\n".join(
                shown(f"  {each['key']}: {each['problem']}") for each in findings["listed"][:MOST_LISTED]
            )
            raise AirflowFailException(f"{findings['grave']} grave findings, see {document['key']}:\n{listed}")
        if document["checked"]["runs"] and not any(context["params"][name] for name in ("since", "until")):
            notify_no_findings(self.site.site, context, began)
        return {"key": document["key"], "checked": document["checked"]}
