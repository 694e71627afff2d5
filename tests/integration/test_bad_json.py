"""Bad JSON of every kind at every kind of key: each command names it, continues, and exits with the documented code."""

import gzip
import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import attrs
import pytest
from click.testing import Result

from pressmark.archive.bucket import visits
from pressmark.archive.bucket.previous_run import last_run
from pressmark.archive.s3.store import GZIP, TEXT
from pressmark.errors import FindingsFound
from pressmark.model import keys
from pressmark.web.common.repository import Repository
from pressmark.web.reading_room.search.catalogue import Catalogue
from tests.conftest import fresh_bucket
from tests.integration.test_bad_input import QUICK, command
from tests.support.archive import READABLE, SECTION, Archive, Crawl, archiving
from tests.support.bad_json import BAD_JSON, packed

pytestmark = pytest.mark.long


@attrs.frozen
class Broken:
    """An archive with bad objects of every kind beside good ones."""

    archive: Archive
    run: Crawl
    """Of the good manifest."""
    manifests: dict[str, str]
    """Bad ones, by kind; so are the others."""
    documents: dict[str, str]
    indexes: dict[str, str]

    @property
    def good(self) -> set[str]:
        """Keys of versions that nobody broke."""
        return set(self.archive.store.keys(keys.ARTICLES)) - set(self.documents.values())


@pytest.fixture(scope="module")
def broken(s3: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broken]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        fresh_bucket(s3, monkeypatch)  # type: ignore[arg-type]
        with archiving(tmp_path_factory.mktemp("archive"), monkeypatch) as archive:
            archive.set_site(**QUICK)
            run = archive.crawl()
            assert run.exit_code == 0
            yield break_all(archive, run)


def break_all(archive: Archive, run: Crawl) -> Broken:
    """Put bad JSON of every kind at every kind of key that may have several."""
    store = archive.store
    assert run.manifest_key
    folder = run.manifest_key.rpartition("/")[0]
    segment = run.manifest["segments"][0]["key"]
    made = Broken(archive, run, {}, {}, {})
    for number, (kind, text) in enumerate(BAD_JSON.items()):
        made.manifests[kind] = f"{folder}/0bad-{number:02}.json"  # Older than the good one, by its name.
        made.documents[kind] = sorted(store.keys(keys.ARTICLES))[number]
        made.indexes[kind] = f"{segment.rpartition('/')[0]}/bad-{number:02}.cdxj"
        store.put(made.manifests[kind], text)
        store.put(made.documents[kind], text)
        store.put(made.indexes[kind], b"com,example)/ 20220218000000 " + text + b"\n", TEXT)
    return made


def names(result: Result) -> str:
    """Return what a command said, as one line of words that a terminal's width did not part."""
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    said = result.stdout + result.stderr
    assert "Traceback" not in said
    return said


def test_status_names_the_newest_manifest(broken: Broken) -> None:
    assert command("status").exit_code == 0
    key = f"{(broken.run.manifest_key or '').rpartition('/')[0]}/9newest.json"
    for kind, text in BAD_JSON.items():
        broken.archive.store.put(key, text)
        result = command("status", "--json")
        assert (result.exit_code, key in names(result)) == (8, True), kind
    broken.archive.store.client.delete_object(Bucket=broken.archive.store.bucket, Key=key)


def test_verify_names_each_and_reads_the_others(broken: Broken) -> None:
    result = command("verify", "newsroom", "--full", "--json")
    assert result.exit_code == 8
    assert "Traceback" not in names(result)
    grave = {each["key"] for each in json.loads(result.stdout) if each["grave"]}
    assert grave == {*broken.manifests.values(), *broken.documents.values()}


def test_audit_names_each_and_makes_others_again(broken: Broken) -> None:
    result = command("audit", "newsroom", "--sample", "30", "--json")
    assert result.exit_code == 8
    result_json = json.loads(result.stdout)
    names(result)
    grave = {each["key"] for each in result_json["findings"]["listed"] if each["grave"]}
    assert grave == {*broken.manifests.values(), *broken.documents.values()}
    assert {each["key"] for each in result_json["sample"] if each["result"] == "identical"} == broken.good


def test_rederive_names_each_and_reads_the_others(broken: Broken) -> None:
    result = command("rederive", SECTION, "--json")
    assert (result.exit_code, json.loads(result.stdout)) == (8, [])
    said = names(result)
    assert [key for key in (*broken.manifests.values(), *broken.documents.values()) if key not in said] == []
    assert f"{30 - len(BAD_JSON)} documents read again, {30 - len(BAD_JSON)} byte for byte the same" in said


def test_versions_names_the_one(broken: Broken) -> None:
    for kind, key in broken.documents.items():
        result = command("versions", key.split("/")[-2])
        assert (result.exit_code, key in names(result)) == (8, True), kind
    store, key = broken.archive.store, min(broken.good)
    edit = keys.silent_edit(key, "b" * 64)
    assert command("versions", key.split("/")[-2]).exit_code == 0
    for kind, text in BAD_JSON.items():
        store.put(edit, text)
        result = command("versions", key.split("/")[-2])
        assert (result.exit_code, key in result.stdout, edit in names(result)) == (8, True, True), kind
    store.client.delete_object(Bucket=store.bucket, Key=edit)


def test_index_names_each_and_merges_the_others(broken: Broken) -> None:
    store = broken.archive.store
    [month] = {each.replace("/", "-") for each in re.findall(r"\d{4}/\d\d", broken.run.manifest["segments"][0]["key"])}
    note = keys.merged("newsroom", month)
    for kind, text in BAD_JSON.items():
        store.put(note, text)
        result = command("index", "newsroom", "--json")
        said = names(result)
        assert result.exit_code == 8, kind
        assert [key for key in broken.indexes.values() if key not in said] == [], kind
    lines = store.get(keys.index("newsroom", month)).splitlines()
    assert len(lines) == len(store.get(broken.run.manifest["segments"][0]["index"]["key"]).splitlines())


def test_exports_and_packages_name_each_and_make_the_other_days(broken: Broken, tmp_path: Path) -> None:
    store = broken.archive.store
    days_of = {key: keys.day_of_document(key) for key in store.keys(keys.ARTICLES)}
    bad_days = {days_of[key] for key in broken.documents.values()}
    for kind, text in BAD_JSON.items():
        store.put(keys.exported("newsroom"), text)
        store.put(keys.packaged("newsroom"), text)
        exported, packaged = command("export", "newsroom", "--json"), command("package", "newsroom", "--json")
        assert (exported.exit_code, packaged.exit_code) == (8, 8), kind
        problems = {date.fromisoformat(each["day"]): each["problem"] for each in json.loads(exported.stdout)}
        assert set(problems) == set(days_of.values()), "the note is ignored, and all days are looked at"
        assert {day for day, problem in problems.items() if problem} == bad_days
        assert all(any(key in (problems[day] or "") for key in broken.documents.values()) for day in bad_days)
        names(exported)
        names(packaged)
        [package] = json.loads(packaged.stdout)
        assert any(key in package["problem"] for key in broken.documents.values())
        assert package["segments"] == 1
    verified = command("verify", "newsroom", "--full", "--json")
    assert not any(each["key"].startswith("wacz/") for each in json.loads(verified.stdout))

    good = keys.export_lines("newsroom", date(2001, 1, 1))
    lines = b"".join(store.get(key) for key in broken.good)
    store.put(good, gzip.compress(lines), GZIP)
    for number, text in enumerate(BAD_JSON.values(), 1):
        store.put(keys.export_lines("newsroom", date(2000, 1, number)), packed(text), GZIP)
    done = Catalogue(tmp_path / "catalogue.sqlite").refresh(store, ["newsroom"])
    assert len(done.problems) == len(BAD_JSON)
    assert done.versions >= len(broken.good)


def test_console_and_reading_room_leave_out_what_is_bad(broken: Broken) -> None:
    repository = Repository(broken.archive.store, broken.archive.config.sites)
    [run] = repository.runs("newsroom", "world/europe")
    assert run.run_id == broken.run.manifest["run_id"]
    assert set(repository.broken("newsroom", "world/europe")) == set(broken.manifests.values())
    for kind in BAD_JSON:
        with pytest.raises(FindingsFound, match=broken.manifests[kind]):
            repository.manifest(broken.manifests[kind])
    errors: list[FindingsFound] = []
    found = repository.documents([*broken.documents.values(), *broken.good], errors.append)
    assert set(found) - set(broken.documents.values()) == broken.good


def test_recover_and_the_next_crawl_go_on(broken: Broken) -> None:
    """The last test: the crawl adds to the archive."""
    assert command("recover", "newsroom").exit_code == 0
    archive, store = broken.archive, broken.archive.store
    key = broken.run.manifest["visits"]["key"]
    lines = gzip.decompress(store.get(key)).splitlines()
    for kind, text in BAD_JSON.items():
        store.put(key, gzip.compress(b"\n".join([*lines, text])), GZIP)
        known = last_run(store, "newsroom", "world/europe", datetime.now(UTC)).visits
        assert len(known) == len(lines), kind
        assert len(visits.read(store, key)) == len(lines), kind
    run = archive.crawl("--recheck")
    assert run.exit_code == 0
    assert run.counts["published"] == 0
    assert run.counts["unchanged"] + run.counts["silent_edit"] == READABLE
    assert run.counts["silent_edit"] <= len(BAD_JSON), "edits can't be recognized"
    assert not any("Traceback" in line["message"] for line in run.log)
