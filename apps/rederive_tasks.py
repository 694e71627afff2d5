"""What the rederive DAG does: read a portion's documents anew from their captures, and add up what came of it."""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from airflow.sdk.exceptions import AirflowFailException

from apps.portion_tasks import opened
from apps.rederiving import Unreadable, correct, documents_of, rederive_all
from pressmark.archive.portions import Portion
from pressmark.errors import UsageError
from pressmark.site import Site

SHOWN = 20
"""Documents of a portion that the log names, of those that are not the same."""
COUNTED = ("documents", "same", "differ", "unreadable", "published")

logger = logging.getLogger("pressmark.rederive")


def rederive_portion(site: Site, days: str, *, write: bool) -> dict[str, Any]:
    """Read the documents of a portion's runs anew, and publish corrected versions if that is asked for.

    Returns:
        How many `documents` there are; how many of them are the `same` to the byte, `differ` or are `unreadable`; how
        many corrected versions were `published`; and, as `fields`, how many differ in which.

    Raises:
        AirflowFailException: a page class was changed and bears the name it had before.
    """
    store = opened()
    keys = documents_of(store, Portion.parse(days).manifests(store, site.site))
    counts, fields = Counter(documents=len(keys)), Counter[str]()
    for found in rederive_all(store, site, keys):
        if isinstance(found, Unreadable):
            what, told = "unreadable", found.problem
        elif found.changed:
            what, told = "differ", f"{found.was} -> {found.now}: {', '.join(found.changed)}"
            fields[told] += 1
        else:
            counts["same"] += 1
            continue
        counts[what] += 1
        if counts["differ"] + counts["unreadable"] <= SHOWN:
            logger.info("%s: %s", found.key, told)
        if write and not isinstance(found, Unreadable) and found.correction_key:
            try:
                counts["published"] += correct(store, found)
            except UsageError as error:
                raise AirflowFailException(str(error)) from None
    return {**{name: counts[name] for name in COUNTED}, "fields": dict(fields)}


def report(done: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Log what came of all portions, and return it.

    Raises:
        AirflowFailException: some documents can't be read anew.
    """
    counts, fields = Counter[str](), Counter[str]()
    for each in done:
        counts.update({name: each[name] for name in COUNTED})
        fields.update(each["fields"])
    for told, number in fields.most_common():
        logger.info("%d %s", number, told)
    logger.info("%s", ", ".join(f"{counts[name]} {name}" for name in COUNTED))
    if counts["unreadable"]:
        raise AirflowFailException(f"{counts['unreadable']} documents can't be read anew: an audit says what is wrong")
    return {**{name: counts[name] for name in COUNTED}, "fields": dict(fields)}
