"""Audits of a real archive: whole, and damaged without changed manifests."""

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pressmark.archive.s3.store import WARC
from pressmark.cli.main import main
from pressmark.jobs.audit import auditor as auditing
from pressmark.jobs.audit.auditor import audit
from pressmark.local.s3server import RunningS3
from tests.conftest import fresh_bucket
from tests.integration.test_rederive import LouderPage, QuietlyLouderPage, hold
from tests.support.archive import Archive, archiving
from tests.support.schemas import keeps_its_schemas

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def archived(s3: RunningS3, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """An archive of one run."""
    with pytest.MonkeyPatch.context() as patch:
        fresh_bucket(s3, patch)
        with archiving(tmp_path_factory.mktemp("audit"), patch) as made:
            assert made.crawl().exit_code == 0
            yield made


def test_a_whole_archive_is_found_whole(archived: Archive) -> None:
    seen: list[tuple[str, int, int]] = []
    document = audit(archived.config, "newsroom", sample=10, progress=lambda *step: seen.append(step))
    assert document["findings"] == {"grave": 0, "notes": 0, "listed": []}
    assert document["checked"]["runs"] == 1
    assert document["checked"]["records"] > 60
    assert [each["result"] for each in document["sample"]] == ["identical"] * 10
    assert ("runs", 1, 1) in seen
    assert seen[-1] == ("documents", 10, 10)
    key = document.pop("key")
    assert json.loads(archived.store.get(key)) == document
    assert key.startswith("audits/newsroom/")
    assert keeps_its_schemas(archived.store)


def test_the_same_day_gives_the_same_sample_and_another_another(archived: Archive) -> None:
    first, again = (audit(archived.config, "newsroom", sample=5)["sample"] for _ in range(2))
    assert first == again

    assert audit(archived.config, "newsroom", sample=5, on=date(2031, 1, 1))["sample"] != first


def test_a_damaged_document_and_a_lost_segment_are_found(archived: Archive) -> None:
    key, document = next(iter(archived.documents().items()))
    kept = archived.store.get(key)
    warc = document["pressmark"]["captures"][0]["warc"]
    segment = archived.store.get(warc)
    try:
        archived.store.put(key, json.dumps(document | {"headline": "Another"}).encode())
        document = audit(archived.config, "newsroom", sample=0)
        assert [each["key"] for each in document["findings"]["listed"]] == [key]
        ran = CliRunner().invoke(main, ["audit", "newsroom", "--sample", "0"])
        assert ran.exit_code == 8
        assert key.split("/")[-1] in ran.output
        archived.store.put(key, kept)
        archived.store.client.delete_object(Bucket=archived.store.bucket, Key=warc)
        document = audit(archived.config, "newsroom", sample=3)
        assert any(each["key"] == warc and each["grave"] for each in document["findings"]["listed"])
        assert [each["result"] for each in document["sample"]] == ["unreadable"] * 3
    finally:
        archived.store.put(key, kept)
        archived.store.put(warc, segment, WARC)


def test_the_command_says_that_all_is_well_of_an_empty_bucket(bucket: str, tmp_path: Path) -> None:
    ran = CliRunner().invoke(main, ["audit", "newsroom"], env={"PRESSMARK_SPOOL": str(tmp_path)})
    assert ran.exit_code == 0, ran.output
    assert "0 runs, 0 objects" in ran.output


@pytest.mark.parametrize(("page", "result"), [(LouderPage, "newer_layout"), (QuietlyLouderPage, "differs")])
def test_other_content_of_the_same_captures_is_grave_unless_a_new_layout_read_it(
    archived: Archive, monkeypatch: pytest.MonkeyPatch, page: type[LouderPage], result: str
) -> None:
    hold(page, monkeypatch)
    document = audit(archived.config, "newsroom", sample=3)
    assert [each["result"] for each in document["sample"]] == [result] * 3
    assert document["findings"]["grave"] == (3 if result == "differs" else 0)
    assert all("headline" in each["changed"] for each in document["sample"])


def respelled(document: bytes) -> bytes:
    return json.dumps(json.loads(document), indent=1).encode()


def with_keyword(document: bytes) -> bytes:
    return json.dumps(json.loads(document) | {"keywords": ["by hand"]}).encode()


@pytest.mark.parametrize("edit", [respelled, with_keyword])
@pytest.mark.parametrize(("software", "result"), [("pressmark 0.0", "same_content"), (auditing.SOFTWARE, "differs")])
def test_other_bytes_of_the_same_content_are_grave_if_the_same_software_made_them(
    archived: Archive,
    monkeypatch: pytest.MonkeyPatch,
    edit: Callable[[bytes], bytes],
    software: str,
    result: str,
) -> None:
    key = next(iter(archived.documents()))
    kept = archived.store.get(key)
    [run] = [each for each in archived.store.keys("runs/") if each.endswith(".json")]
    manifest = archived.store.get(run)
    try:
        archived.store.put(key, edit(kept))
        archived.store.put(run, json.dumps(json.loads(manifest) | {"software": software}).encode())
        document = audit(archived.config, "newsroom", sample=100)
        assert [each["result"] for each in document["sample"] if each["key"] == key] == [result]
        assert {each["result"] for each in document["sample"] if each["key"] != key} == {"identical"}
        problems = [each["problem"] for each in document["findings"]["listed"]]
        assert sum("re-derived" in each for each in problems) == (result == "differs")
    finally:
        archived.store.put(key, kept)
        archived.store.put(run, manifest)


NAIVE: dict[str, Any] = {"capturedAt": "2026-11-25T00:00:00"}
NO_TIME: dict[str, Any] = {"capturedAt": None}
NO_PLACE: dict[str, Any] = {"offset": "x"}


@pytest.mark.parametrize("edit", [NAIVE, NO_TIME, NO_PLACE, {"warc": 7}, {"offset": -1}, {"length": 0}, {"url": "x"}])
def test_whatever_a_hand_did_to_a_document_the_audit_is_written(archived: Archive, edit: dict[str, Any]) -> None:
    key = next(iter(archived.documents()))
    kept = archived.store.get(key)
    document = json.loads(kept)
    document["pressmark"]["captures"][0] |= edit
    try:
        archived.store.put(key, json.dumps(document).encode())
        document = audit(archived.config, "newsroom", sample=100)
        assert key in {each["key"] for each in document["findings"]["listed"]}
        assert json.loads(archived.store.get(document["key"]))["sample"] == document["sample"]
    finally:
        archived.store.put(key, kept)


@pytest.mark.parametrize("change", [{"records": "many"}, {"records": None}])
def test_whatever_a_hand_did_to_a_manifest_the_audit_is_written(archived: Archive, change: dict[str, Any]) -> None:
    [run] = [each for each in archived.store.keys("runs/") if each.endswith(".json")]
    kept = archived.store.get(run)
    manifest = json.loads(kept)
    manifest["segments"][0] |= change
    nowhere = "runs/newsroom/world/europe/2026/02/31/x.json"
    try:
        archived.store.put(run, json.dumps(manifest | {"started_at": "2026-11-25T00:00:00"}).encode())
        archived.store.put(nowhere, b"{}")
        document = audit(archived.config, "newsroom", sample=3)
        assert {nowhere, run} <= {each["key"] for each in document["findings"]["listed"]}
        assert document["sample"] == [], "an unreadable manifest lists nothing to sample"
    finally:
        archived.store.put(run, kept)
        archived.store.client.delete_object(Bucket=archived.store.bucket, Key=nowhere)
