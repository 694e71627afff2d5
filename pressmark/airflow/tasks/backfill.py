"""Tasks of the backfill DAG around its crawls: read the form, divide the pages, add up the results."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Self

import attrs
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from pressmark.errors import UsageError
from pressmark.model.outcomes import Outcome
from pressmark.sites.site import MOST_PAGES, Site

CHUNK_MINUTES = 5.0
"""About how long the schedule may wait for a chunk; a chunk has at least one listing page."""
REQUISITES = 4
"""About how many pictures and the like an article has that were not captured on the same day."""
MOST_CHUNKS = 1000
"""Airflow maps a task 1,024 times at most (`core.max_map_length`)."""

logger = logging.getLogger("pressmark.backfill")


@attrs.frozen
class BackfillRange:
    """What a form asks for: listing pages or days."""

    pages: tuple[int, int] | None = None
    """First and last."""
    days: tuple[date, date] | None = None

    @classmethod
    def of(cls, form: Mapping[str, Any]) -> Self:
        """Read a form: `first` is a page or a day, `number` says how many from there on.

        Raises:
            UsageError: the first is neither, or the last day is out of range.
        """
        first, number = str(form["first"]), int(form["number"])
        if first.isdecimal():
            return cls(pages=(int(first), min(int(first) + number - 1, MOST_PAGES)))
        try:
            day = date.fromisoformat(first)
            return cls(days=(day, day + timedelta(days=number - 1)))
        except (ValueError, OverflowError) as error:
            raise UsageError(f"{first!r} is no listing page and no day: {error}") from None


def plan_chunks(site: Site, form: Mapping[str, Any], found: Mapping[str, Any] | None) -> list[str]:
    """Divide the pages into chunks, `FIRST-LAST` each, newest first.

    Args:
        site: the site.
        form: the parameters of the DAG run.
        found: the result of the search for the pages of the days, if there was one.

    Raises:
        AirflowFailException: no page holds articles of these days.
    """
    requested = BackfillRange.of(form)
    pages = requested.pages or (found and found["pages_found"])
    if not pages:
        raise AirflowFailException(f"no listing page holds articles of {form['number']} days from {form['first']} on")
    first, last = pages
    step = max(pages_per_chunk(site, form["requests_per_minute"]), -(-(last - first + 1) // MOST_CHUNKS))
    chunks = [f"{page}-{min(page + step - 1, last)}" for page in range(first, last + 1, step)]
    logger.info("listing pages %d to %d in %d chunks", first, last, len(chunks))
    return chunks


def pages_per_chunk(site: Site, requests_per_minute: float) -> int:
    """Return how many listing pages can be crawled in the time of a chunk, if nothing on them is known."""
    rate = min(requests_per_minute, 60 / site.politeness.delay if site.politeness.delay else requests_per_minute)
    articles = (site.expect.fewest + site.expect.most) / 2
    requests = 1 + articles * (1 + min(REQUISITES, site.requisites.number))
    return max(1, int(CHUNK_MINUTES * rate / requests))


def report_chunks(planned: Sequence[str] | None, crawled: Iterable[Mapping[str, Any] | None]) -> dict[str, Any]:
    """Log what all chunks brought, and return the extra of the asset's event.

    Args:
        planned: the chunks; None if an earlier task failed.
        crawled: the result of each crawl that was verified; None for one that failed.

    Raises:
        AirflowException: some or all chunks are missing.
    """
    if planned is None:
        raise AirflowFailException("no chunks were planned: see the tasks plan and find")
    done = [each for each in crawled if each]
    counts = {outcome.value: sum(each["counts"].get(outcome, 0) for each in done) for outcome in Outcome}
    seen = sum(each["counts"]["seen"] for each in done)
    summary = ", ".join(f"{outcome.replace('_', ' ')} {count}" for outcome, count in counts.items() if count)
    logger.info("%d of %d chunks, %d articles that were not known: %s", len(done), len(planned), seen, summary or "-")
    if len(done) < len(planned):
        raise AirflowException(
            f"{len(planned) - len(done)} of {len(planned)} chunks failed: trigger the backfill again."
        )
    return {**counts, "seen": seen, "manifest_keys": [each["manifest_key"] for each in done]}
