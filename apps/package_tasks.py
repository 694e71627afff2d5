"""What the package DAG does: exports and the merged index, as far as versions and captures have arrived."""

import logging
import os

from airflow.sdk.exceptions import AirflowException

from pressmark.archive.store import Store
from pressmark.config import Config
from pressmark.exports import Exporter
from pressmark.merged_index import Merger
from pressmark.site import Site

logger = logging.getLogger("pressmark.package")


def export_site(site: Site) -> dict[str, int]:
    """Write the exports of the days of which versions have arrived; return the number of days, and of those written.

    Raises:
        AirflowException: some days could not be exported; the next run tries them again.
    """
    done = list(Exporter(_store(), site.site).changed())
    written = [each for each in done if each.changed]
    for each in written:
        logger.info("%s: %d versions", each.day, each.versions)
    logger.info("%d days looked at, %d written", len(done), len(written))
    if bad := [each for each in done if each.problem]:
        raise AirflowException("; ".join(f"{each.day}: {each.problem}" for each in bad))
    return {"days": len(done), "written": len(written)}


def index_site(site: Site) -> dict[str, int]:
    """Merge the indexes of new segments; return the number of months, and of those written.

    Raises:
        AirflowException: some segments' indexes can't be read; the others are merged.
    """
    done = list(Merger(_store(), site.site).months())
    logger.info("%d months looked at, %d written", len(done), sum(each.changed for each in done))
    if bad := [f"{each.month}: {problem}" for each in done for problem in each.problems]:
        raise AirflowException("; ".join(bad))
    return {"months": len(done), "written": sum(each.changed for each in done)}


def _store() -> Store:
    logging.getLogger("botocore").setLevel(logging.WARNING)  # It tells where it found its keys, each time.
    return Store.open(Config.from_env(os.environ))
