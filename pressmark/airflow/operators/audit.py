"""The end of an audit as an Airflow task: it adds up what was seen, and leaves it in the bucket."""

from collections.abc import Sequence
from typing import Any

from airflow.sdk import BaseOperator, Context
from airflow.sdk.exceptions import AirflowFailException

from pressmark.airflow.links import DocumentLink
from pressmark.monitoring.alarm import MOST_LISTED
from pressmark.sites.site import Site
from pressmark.text import shown


class AuditOperator(BaseOperator):
    """Write down what was seen of a site.

    Args:
        site: the site.
        looks: what the task *look* returned of each portion.
        survey: what the task *survey* returned.

    Returns (XCom): `key` of the audit in the bucket, and its `checked` counts.
    """

    template_fields: Sequence[str] = ("looks", "survey")
    operator_extra_links = (DocumentLink("Audit", "/document?key={key}"),)

    def __init__(self, *, site: Site, looks: Any, survey: Any, **options: Any) -> None:
        super().__init__(**options)
        self.site, self.looks, self.survey = site, looks, survey
        self.document_key: str | None = None
        """Of the audit, once it is written."""

    def execute(self, context: Context) -> dict[str, Any]:
        """Add it up.

        Raises:
            AirflowFailException: something is wrong in the archive.
            BucketError: the bucket failed.
        """
        from pressmark.airflow.alerts.site import tell_findings, tell_no_findings
        from pressmark.airflow.tasks.audit import write  # It brings Scrapy.

        run = context["dag_run"]
        began = run.start_date or run.run_after
        told = write(self.site, [*self.looks, self.survey], context["params"], run.run_after, began)
        self.document_key = told["key"]
        self.log.info("Audit: %s", told["key"])
        findings = told["findings"]
        if findings["grave"]:
            problems = {each["key"]: each["problem"] for each in findings["listed"] if each["grave"]}
            tell_findings(self.site.site, context, problems, findings["grave"])
            listed = "\n".join(
                shown(f"  {each['key']}: {each['problem']}") for each in findings["listed"][:MOST_LISTED]
            )
            raise AirflowFailException(f"{findings['grave']} grave findings, see {told['key']}:\n{listed}")
        if told["checked"]["runs"] and not any(context["params"][name] for name in ("since", "until")):
            tell_no_findings(self.site.site, context, began)
        return {"key": told["key"], "checked": told["checked"]}
