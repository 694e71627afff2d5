"""The backfill's form, and how its pages are divided."""

import os
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from pressmark.airflow.operators.chunk import refusal_reason
from pressmark.airflow.tasks.backfill import BackfillRange, pages_per_chunk, plan_chunks, report_chunks
from pressmark.archive.bucket import manifest
from pressmark.archive.s3.store import Store
from pressmark.config import Config
from pressmark.errors import UsageError
from pressmark.sites.site import MOST_PAGES, Politeness, RequisiteBounds
from pressmark.sites.site_files import load_sites
from tests.support.manifests import manifest_of

SITE = load_sites()["chinadaily"]
FORM: dict[str, Any] = {"first": "1", "number": 1, "requests_per_minute": 20}


@pytest.mark.parametrize(
    ("first", "number", "pages", "days"),
    [
        ("3", 1, (3, 3), None),
        ("4", 14, (4, 17), None),
        ("1000000", 1000, (MOST_PAGES, MOST_PAGES), None),
        ("2022-02-01", 28, None, (date(2022, 2, 1), date(2022, 2, 28))),
        ("2022-02-28", 1, None, (date(2022, 2, 28), date(2022, 2, 28))),
    ],
)
def test_pages_or_days(first: str, number: int, pages: tuple[int, int] | None, days: tuple[date, date] | None) -> None:
    assert BackfillRange.of(FORM | {"first": first, "number": number}) == BackfillRange(pages=pages, days=days)


@pytest.mark.parametrize(("first", "number"), [("2022-02-30", 1), ("", 1), ("9999-12-31", 2)])
def test_a_form_that_makes_no_sense(first: str, number: int) -> None:
    with pytest.raises(UsageError, match="is no listing page and no day"):
        BackfillRange.of(FORM | {"first": first, "number": number})


def test_chunks_cover_all_pages_once_newest_first() -> None:
    chunks = plan_chunks(SITE, FORM | {"first": "4", "number": 14}, None)
    spans = [tuple(map(int, chunk.split("-"))) for chunk in chunks]
    assert [page for first, last in spans for page in range(first, last + 1)] == list(range(4, 18))
    assert len(chunks) > 1


def test_pages_that_were_found_are_taken() -> None:
    by_day = FORM | {"first": "2022-02-01"}
    assert plan_chunks(SITE, by_day, {"pages_found": [8, 8]}) == ["8-8"]
    with pytest.raises(AirflowFailException, match="no listing page holds articles"):
        plan_chunks(SITE, by_day, {"pages_found": None})


def test_a_chunk_grows_with_the_rate_as_far_as_the_site_allows() -> None:
    slow, fast, faster = (pages_per_chunk(SITE, rate) for rate in (1, 30, 6000))
    assert slow == fast == faster == 1, "32 articles with their pictures take the site file's rate six minutes"
    free = SITE.model_copy(update={"politeness": Politeness(delay=0)})
    assert pages_per_chunk(free, 6000) == int(5 * 6000 / (1 + 32.5 * 5))
    bare = free.model_copy(update={"requisites": RequisiteBounds(number=0)})
    assert pages_per_chunk(bare, 6000) == int(5 * 6000 / 33.5)


def test_airflow_maps_all_chunks() -> None:
    chunks = plan_chunks(SITE, FORM | {"first": "1", "number": 2500}, None)
    assert len(chunks) <= 1000
    assert chunks[0] == "1-3"
    assert chunks[-1].endswith("-2500")


def test_a_chunk_that_was_refused_is_reported_to_the_others(bucket: str) -> None:
    store = Store.open(Config.from_env(os.environ))
    assert store.bucket == bucket
    now = datetime.now(UTC)

    def ran(number: int, digest: str, failure: str | None) -> None:
        began = now - timedelta(minutes=10 - number)
        summary = manifest_of(
            began,
            f"{began:%Y%m%dT%H%M%S}-{digest}-{number}",
            site="newsroom",
            ended="failed" if failure else "complete",
            reason="robots.txt forbids it" if failure else None,
            failure=failure,
            parameters={"scope": "backfill"},
        )
        manifest.write(store, summary)

    requested = ("newsroom/world/europe", "aaaaaa", now - timedelta(hours=1))
    assert refusal_reason(*requested) is None
    ran(1, "aaaaaa", None)
    ran(2, "bbbbbb", "CrawlRefused")
    ran(3, "aaaaaa", "RunFailed")
    assert refusal_reason(*requested) is None, "of another DAG run, or no refusal"
    ran(4, "aaaaaa", "CrawlRefused")
    assert refusal_reason(*requested) == "robots.txt forbids it"
    assert refusal_reason(*requested[:2], now) is None, "it was cleared since: it is to be tried again"


def test_what_chunks_brought_is_added_up_and_what_failed_is_reported() -> None:
    one = {"counts": {"seen": 3, "published": 2, "rejected": 1}, "manifest_key": "runs/a"}
    summary = report_chunks(["1-2", "3-4"], [one, one])
    assert (summary["seen"], summary["published"], summary["rejected"]) == (6, 4, 2)
    assert summary["manifest_keys"] == ["runs/a", "runs/a"]
    with pytest.raises(AirflowException, match="1 of 2 chunks failed"):
        report_chunks(["1-2", "3-4"], [one, None])
    assert report_chunks([], [])["seen"] == 0
    with pytest.raises(AirflowException, match="no chunks were planned"):
        report_chunks(None, [])
