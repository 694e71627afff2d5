"""Lists wrong site files as an import error of this file; it has no DAG that Airflow could drop."""

from pressmark.airflow.dag_defaults import sites
from pressmark.errors import SiteFileError

if wrong := sites().wrong:
    raise SiteFileError("\n".join(str(each) for each in wrong))
