"""Links from Airflow's task and DAG run pages to the console, and the console's addresses for messages."""

from typing import TYPE_CHECKING
from urllib.parse import quote

import attrs
from airflow.sdk import BaseOperatorLink
from airflow.sdk.configuration import conf

from pressmark.airflow.console import MOUNT

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator
    from airflow.sdk.types import TaskInstanceKey


def console_url(path: str) -> str:
    """Return the URL of a console page, e.g. of `/sections/chinadaily/world/europe`."""
    return f"{_base()}{MOUNT}{quote(path, safe='/?=&#')}"


def link_to_run(dag_id: str, run_id: str) -> tuple[str, str]:
    """Return the label and the URL of a DAG run in Airflow, for messages."""
    return "The run in Airflow", f"{_base()}/dags/{quote(dag_id)}/runs/{quote(run_id)}"


def _base() -> str:
    return (conf.get("api", "base_url", fallback="") or "http://localhost:8080").rstrip("/")


@attrs.define
class DocumentLink(BaseOperatorLink):
    """A task's link to its document: empty until the task has set the operator's `document_key`."""

    name: str = ""
    """Label of the button."""
    path: str = ""
    """In the console; `{key}` becomes the document's key."""

    @property
    def xcom_key(self) -> str:
        """Name of the XCom that passes it from the worker to the UI."""
        return f"_link_{self.name.replace(' ', '_').lower()}"

    def get_link(self, operator: "BaseOperator", *, ti_key: "TaskInstanceKey") -> str:
        """Return the URL; Airflow calls this in the worker, after the task."""
        key = getattr(operator, "document_key", None)
        return console_url(self.path.format(key=key)) if key else ""


RUN_LINKS = (
    DocumentLink("Archive", "/{key}"),
    DocumentLink("Manifest", "/document?key={key}"),
    DocumentLink("WARC segments", "/{key}#segments"),
)
