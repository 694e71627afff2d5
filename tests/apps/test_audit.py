"""Audits of a real archive: whole, and damaged behind its manifests' back."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from apps.auditing import audit
from apps.cli import main
from apps.s3server import RunningS3
from tests.apps.conftest import Archive, archiving
from tests.conftest import fresh_bucket
from tests.schemas import keeps_its_schemas

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
    told = audit(archived.config, "newsroom", sample=10, progress=lambda *step: seen.append(step))
    assert told["findings"] == {"grave": 0, "notes": 0, "listed": []}
    assert told["checked"]["runs"] == 1
    assert told["checked"]["records"] > 60
    assert [each["result"] for each in told["sample"]] == ["identical"] * 10
    assert ("runs", 1, 1) in seen
    assert seen[-1] == ("documents", 10, 10)
    key = told.pop("key")
    assert json.loads(archived.store.get(key)) == told
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
    try:
        archived.store.put(key, json.dumps(document | {"headline": "Another"}).encode())
        told = audit(archived.config, "newsroom", sample=0)
        assert [each["key"] for each in told["findings"]["listed"]] == [key]
        ran = CliRunner().invoke(main, ["audit", "newsroom", "--sample", "0"])
        assert ran.exit_code == 8
        assert key.split("/")[-1] in ran.output
        archived.store.put(key, kept)
        archived.store.client.delete_object(Bucket=archived.store.bucket, Key=warc)
        told = audit(archived.config, "newsroom", sample=3)
        assert any(each["key"] == warc and each["grave"] for each in told["findings"]["listed"])
        assert [each["result"] for each in told["sample"]] == ["unreadable"] * 3
    finally:
        archived.store.put(key, kept)


def test_the_command_says_that_all_is_well_of_an_empty_bucket(bucket: str, tmp_path: Path) -> None:
    ran = CliRunner().invoke(main, ["audit", "newsroom"], env={"PRESSMARK_SPOOL": str(tmp_path)})
    assert ran.exit_code == 0, ran.output
    assert "0 runs, 0 objects" in ran.output
