"""Links to the console's pages."""

from urllib.parse import quote

import attrs

from pressmark.airflow.console import MOUNT
from pressmark.web.common import addresses
from pressmark.web.common.addresses import with_query


@attrs.frozen
class Links(addresses.Links):
    """Links to the console's pages and to Airflow's, below the path that Airflow is served from."""

    def section(self, site: str, section: str, **query: str | int) -> str:
        """One section."""
        return with_query(f"{self.root}/sections/{site}/{quote(section)}", query)

    def run(self, key: str, **query: str | int) -> str:
        """A run, by the key of its manifest."""
        return with_query(f"{self.root}/{quote(key)}", query)

    def dag_run(self, dag_id: str, run_id: str, **query: str | int) -> str:
        """The crawls of a DAG run."""
        return with_query(f"{self.root}/run", {"dag_id": dag_id, "run_id": run_id, **query})

    def document(self, key: str) -> str:
        """The JSON of a document or manifest."""
        return with_query(f"{self.root}/document", {"key": key})

    def changes(self, key: str) -> str:
        """What a version changed."""
        return with_query(f"{self.root}/diff", {"key": key})

    def page(self, key: str, number: int = 1) -> str:
        """A captured page in a frame, with facts about its capture."""
        return with_query(f"{self.root}/page", {"key": key, "page": number})

    def capture(self, key: str, number: int = 1) -> str:
        """The captured body."""
        return with_query(f"{self.root}/capture", {"key": key, "page": number})

    def segment(self, key: str) -> str:
        """A segment or its index, to save."""
        return with_query(f"{self.root}/segment", {"key": key})

    def dag(self, slug: str) -> str:
        """Airflow's page of the DAG that crawls a section."""
        return f"{self.root.removesuffix(MOUNT)}/dags/archive_{slug}"
