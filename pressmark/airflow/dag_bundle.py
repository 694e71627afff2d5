"""The DAGs of the installed package, as an Airflow DAG bundle: no folder has to be named or copied.

AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST='[{"name": "pressmark",
  "classpath": "pressmark.airflow.dag_bundle.PressmarkDagBundle", "kwargs": {}}]'
"""

from importlib.resources import files
from pathlib import Path
from typing import Any

from airflow.dag_processing.bundles.local import LocalDagBundle

DAGS = Path(str(files("pressmark") / "dags"))
"""The folder of the DAGs, for `AIRFLOW__CORE__DAGS_FOLDER`."""


class PressmarkDagBundle(LocalDagBundle):
    """The folder of the DAGs in the installed package; a new release is a new folder, and needs a restart."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(path=str(DAGS), **kwargs)
