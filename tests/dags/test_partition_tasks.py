"""Audits and re-derivations by partition: together they give the result of one over everything."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from pressmark.airflow.tasks import audit as audit_tasks
from pressmark.airflow.tasks import partitions
from pressmark.airflow.tasks import rederive as rederive_tasks
from pressmark.errors import UsageError
from pressmark.jobs.audit.auditor import audit
from pressmark.local.s3server import RunningS3
from pressmark.sites.site import Site
from pressmark.sites.site_files import load_sites
from tests.conftest import fresh_bucket
from tests.integration.test_rederive import LouderPage, QuietlyLouderPage, hold
from tests.support.archive import Archive, archiving
from tests.support.schemas import keeps_its_schemas

pytestmark = pytest.mark.slow

FORM = {"since": None, "until": None, "megabytes": 1, "sample": 10}
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def archived(s3: RunningS3, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """An archive of some runs, with parts of a day as partitions of 150 kB."""
    with pytest.MonkeyPatch.context() as patch:
        fresh_bucket(s3, patch)
        patch.setattr(partitions, "MEGABYTE", 150_000)
        with archiving(tmp_path_factory.mktemp("partitions"), patch) as made:
            assert made.crawl().exit_code == 0
            made.newsroom.update(made.newsroom.article_id(29))
            made.newsroom.withdraw(made.newsroom.article_id(27), 410)
            assert made.crawl("--recheck").exit_code == 0
            yield made


@pytest.fixture
def site(archived: Archive) -> Site:
    return load_sites(archived.config.sites)["newsroom"]


def audited(site: Site, **form: Any) -> dict[str, Any]:
    planned = audit_tasks.plan(site, FORM | form)
    assert len(planned) > 1
    seen = [audit_tasks.check_partition(site, **each, moment=NOW) for each in planned]
    seen.append(audit_tasks.check_global(site, FORM | form, NOW))
    return audit_tasks.write(site, seen, FORM | form, NOW, NOW)


def test_an_audit_of_partitions_says_what_one_of_all_says(archived: Archive, site: Site) -> None:
    result, whole = audited(site), audit(archived.config, "newsroom", sample=10, on=NOW.date())
    assert (result["checked"], result["sample"]) == (whole["checked"], whole["sample"])
    assert result["checked"]["runs"] == 2
    assert result["findings"] == {"grave": 0, "notes": 0, "listed": []}
    assert [each["result"] for each in result["sample"]] == ["identical"] * 10
    assert len({each["key"] for each in result["sample"]}) == 10
    assert json.loads(archived.store.get(result["key"]))["parameters"] == {"sample": 10, "date": NOW.date().isoformat()}
    assert keeps_its_schemas(archived.store)


def test_each_finding_is_reported_once_and_orphans_are_looked_for(archived: Archive, site: Site) -> None:
    key = next(iter(archived.documents()))
    kept, stray = archived.store.get(key), "articles/newsroom/2026/01/01/WS0/1.json"
    try:
        archived.store.put(key, kept[:-1])
        archived.store.put(stray, b"{}")
        found = audited(site, sample=0)["findings"]
        assert [(each["key"], each["grave"]) for each in found["listed"]] == [(key, True), (stray, False)]
        assert (found["grave"], found["notes"]) == (1, 1)
        of_days = audited(site, sample=0, since=f"{NOW - timedelta(days=1):%Y-%m-%d}")
        assert [each["key"] for each in of_days["findings"]["listed"]] == [key]
        assert of_days["parameters"]["since"] < of_days["parameters"]["date"]
    finally:
        archived.store.put(key, kept)
        archived.store.client.delete_object(Bucket=archived.store.bucket, Key=stray)


def test_days_the_wrong_way_round_are_refused(site: Site) -> None:
    with pytest.raises(UsageError, match="comes after"):
        partitions.divide(site, FORM | {"since": "2026-11-02", "until": "2026-11-01"})


def rederive_all_days(site: Site, *, write: bool = False) -> dict[str, Any]:
    planned = [str(each) for each in partitions.divide(site, FORM)]
    assert len(planned) > 1
    return rederive_tasks.report([rederive_tasks.rederive_partition(site, each, write=write) for each in planned])


def test_what_nobody_changed_reads_as_before(archived: Archive, site: Site) -> None:
    result = rederive_all_days(site)
    assert result["documents"] == result["same"] > len(archived.documents())
    assert (result["differ"], result["unreadable"], result["published"], result["fields"]) == (0, 0, 0, {})


def test_a_new_layout_is_reported_and_then_published(
    archived: Archive, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(LouderPage, monkeypatch)
    result = rederive_all_days(site)
    versions = len(archived.documents())
    assert result["fields"]["version -> version: headline, pressmark.contentSha256, pressmark.layout"] == versions
    assert not list(archived.store.keys("corrections/"))
    assert rederive_all_days(site, write=True)["published"] == versions
    assert len(list(archived.store.keys("corrections/"))) == versions
    assert rederive_all_days(site, write=True)["published"] == 0


def test_two_readings_never_bear_one_name(archived: Archive, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    hold(QuietlyLouderPage, monkeypatch)
    refused = len(archived.documents())
    with pytest.raises(AirflowFailException, match=f"{refused} were not corrected: Raise LAYOUT"):
        rederive_all_days(site, write=True)


@pytest.mark.parametrize("broken", ["articles/", "runs/"])
def test_what_cannot_be_read_fails_the_report_alone(archived: Archive, site: Site, broken: str) -> None:
    key = next(each for each in archived.store.keys(broken) if each.endswith(".json"))
    kept = archived.store.get(key)
    archived.store.put(key, b"no JSON")
    try:
        with pytest.raises(AirflowFailException, match="1 documents can't be re-read"):
            rederive_all_days(site)
    finally:
        archived.store.put(key, kept)


def test_rejections_that_expired_are_no_failure(archived: Archive, site: Site) -> None:
    kept = {key: archived.store.get(key) for key in archived.store.keys("rejected/")}
    for key in kept:
        archived.store.client.delete_object(Bucket=archived.store.bucket, Key=key)
    try:
        result = rederive_all_days(site)
        assert (result["expired"], result["same"]) == (len(kept), result["documents"] - len(kept))
        assert audited(site)["findings"]["grave"] == 0
    finally:
        for key, data in kept.items():
            archived.store.put(key, data)


def test_another_spelling_is_not_the_same(archived: Archive, site: Site) -> None:
    key, document = next(iter(archived.documents().items()))
    kept = archived.store.get(key)
    archived.store.put(key, json.dumps(document, indent=3).encode())
    try:
        assert rederive_all_days(site)["fields"] == {"version -> version: its spelling": 1}
    finally:
        archived.store.put(key, kept)
