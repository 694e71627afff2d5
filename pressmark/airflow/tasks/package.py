"""Tasks of the package DAG: exports, merged index and packages, for new versions and captures."""

import logging
from datetime import UTC, datetime, timedelta

from airflow.sdk.exceptions import AirflowException

from pressmark.airflow.tasks.bucket import open_store, quiet_logs
from pressmark.config import Config
from pressmark.jobs.export import Exporter
from pressmark.jobs.monthly_index import Merger
from pressmark.jobs.wacz.packager import Packager
from pressmark.sites.site import Site

_MIN_PACKAGE_AGE = timedelta(hours=1)
"""Today's package is not made again before this time: each one is built from the whole day."""

_INDEX_LOOKBACK = timedelta(days=31)
"""How far back months are checked for new segments."""

logger = logging.getLogger("pressmark.package")


def export_site(site: Site) -> dict[str, int]:
    """Write the exports of days with new versions; return how many days there are, and how many were written.

    Raises:
        AirflowException: some days could not be exported; the next run tries them again.
    """
    done = list(Exporter(open_store(), site.site).changed())
    written = [each for each in done if each.changed]
    for each in written:
        logger.info("%s: %d versions", each.day, each.versions)
    logger.info("%d days checked, %d written", len(done), len(written))
    if bad := [each for each in done if each.problem]:
        raise AirflowException("; ".join(f"{each.day}: {each.problem}" for each in bad))
    return {"days": len(done), "written": len(written)}


def index_site(site: Site) -> dict[str, int]:
    """Merge the indexes of new segments; return how many months there are, and how many were written.

    A segment that reaches an older, indexed month (from a spool that waited so long) is left to `pressmark index`.

    Raises:
        AirflowException: some segments' indexes can't be read; the others are merged.
    """
    since = datetime.now(UTC) - _INDEX_LOOKBACK
    done = list(Merger(open_store(), site.site).months(since=f"{since:%Y-%m}"))
    logger.info("%d months checked, %d written", len(done), sum(each.changed for each in done))
    if bad := [f"{each.month}: {problem}" for each in done for problem in each.problems]:
        raise AirflowException("; ".join(bad))
    return {"months": len(done), "written": sum(each.changed for each in done)}


def package_site(site: Site) -> dict[str, int]:
    """Make the packages of days with new segments, today's once an hour; return how many, and how many were written.

    Raises:
        AirflowException: some packages lack something; the next run makes them again.
    """
    quiet_logs()
    packager = Packager.open(Config.read(), site.site)
    done = list(packager.changed(hold=_MIN_PACKAGE_AGE))
    for each in done:
        logger.info(
            "%s: %s",
            each.day,
            "held back, it is new enough" if each.held else f"{each.segments} segments, {each.size:,} bytes",
        )
        if each.lost:
            logger.warning("%s: %d captures of other days that it refers to are not in the bucket", each.day, each.lost)
    if bad := [each for each in done if each.problem]:
        raise AirflowException("; ".join(f"{each.day}: {each.problem}" for each in bad))
    return {"days": len(done), "written": sum(each.changed for each in done)}
