"""Tasks of the rederive DAG: re-read a partition's documents from their captures, and add up the results."""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from airflow.sdk.exceptions import AirflowFailException

from pressmark.airflow.tasks.bucket import open_store
from pressmark.errors import UsageError
from pressmark.jobs.audit.partitions import Partition
from pressmark.jobs.rederive import Unreadable, correct, documents_of, rederive_all
from pressmark.monitoring.alarm import MOST_LISTED
from pressmark.sites.site import Site

COUNTED = ("documents", "same", "differ", "unreadable", "expired", "published", "refused")

logger = logging.getLogger("pressmark.rederive")


def rederive_partition(site: Site, days: str, *, write: bool) -> dict[str, Any]:
    """Re-read the documents of a partition's runs, and publish corrected versions if `write` is set.

    Returns:
        How many `documents` there are; how many of them are the `same` to the byte, `differ`, are `unreadable`, or are
        rejections that `expired`; how many corrected versions were `published`, and how many `refused`, because their
        page class has the same name as before. `fields` counts the documents by the fields that differ.
    """
    store = open_store()
    counts, fields = Counter[str](), Counter[str]()

    def count(what: str, text: str) -> None:
        counts[what] += 1
        if counts[what] <= MOST_LISTED:
            logger.info("%s: %s", what, text)

    manifests = Partition.parse(days).manifests(store, site.site)
    keys = documents_of(store, manifests, lambda error: count("unreadable", str(error)))
    counts["documents"] = len(keys)
    for found in rederive_all(store, site, keys):
        if isinstance(found, Unreadable):
            count("expired" if found.expired else "unreadable", f"{found.key}: {found.problem}")
        elif found.same:
            counts["same"] += 1
        else:
            what = f"{found.was} -> {found.now}: {', '.join(found.changed) or 'its spelling'}"
            fields[what] += 1
            count("differ", f"{found.key}: {what}")
            if write and found.correction_key:
                try:
                    counts["published"] += correct(store, found)
                except UsageError as error:
                    count("refused", str(error))
    return {**{name: counts[name] for name in COUNTED}, "fields": dict(fields)}


def report(done: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Add up the results of all partitions, log and return them.

    Raises:
        AirflowFailException: some documents can't be re-read, or were not corrected.
    """
    counts, fields = Counter[str](), Counter[str]()
    for each in done:
        counts.update({name: each[name] for name in COUNTED})
        fields.update(each["fields"])
    for text, number in fields.most_common():
        logger.info("%d: %s", number, text)
    logger.info("%s", ", ".join(f"{counts[name]} {name}" for name in COUNTED))
    if counts["unreadable"] or counts["refused"]:
        raise AirflowFailException(
            f"{counts['unreadable']} documents can't be re-read (an audit says why), {counts['refused']} were not "
            "corrected: Raise LAYOUT in their page class. The logs of the partitions name them."
        )
    return {**{name: counts[name] for name in COUNTED}, "fields": dict(fields)}
