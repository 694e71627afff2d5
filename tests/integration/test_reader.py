"""The reader on what real crawls left: the newsroom's script of publish, update, silent edit and withdraw."""

import gzip
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from importlib.metadata import packages_distributions, requires
from typing import Any

import attrs
import httpx
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pressmark.archive.s3.store import JSON
from pressmark.errors import FindingsFound, UsageError
from pressmark.local.s3server import RunningS3
from pressmark.reader import Changes, Reader, diff
from tests.conftest import fresh_bucket
from tests.support.archive import READABLE, Archive, archiving

EVERYTHING = {"steps": [{"until": "P9000D", "every": "PT0S"}]}


@attrs.frozen
class Told:
    """An archive of two runs, and which article had which fate in the second."""

    archive: Archive
    reader: Reader
    url: str
    """Of the updated one."""
    published: str
    updated: str
    edited: str
    gone: str
    tampered: str
    """One that is left alone by the newsroom, for tests to spoil."""


@pytest.fixture(scope="module")
def told(s3: RunningS3, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    with pytest.MonkeyPatch.context() as patch:
        fresh_bucket(s3, patch)
        with archiving(tmp_path_factory.mktemp("reader"), patch) as archive:
            yield _told(archive)


def _told(archive: Archive) -> Told:
    archive.set_site(recheck=EVERYTHING)
    archive.crawl()
    known = {document["identifier"]: document["url"] for document in archive.documents().values()}
    newsroom = archive.newsroom
    listed = [entry.article_id for entry in newsroom.listing("world/europe", 1) if entry.article_id in known]
    updated, edited, gone, tampered = (str(each) for each in listed[:4])
    newsroom.advance(timedelta(minutes=5))
    published = newsroom.publish()
    newsroom.update(updated)
    newsroom.edit_silently(edited)
    newsroom.withdraw(gone, 410)
    archive.crawl()
    reader = Reader(archive.store, "newsroom")
    return Told(archive, reader, known[updated], published, updated, edited, gone, tampered)


def test_a_job_follows_the_runs_and_reads_what_they_added(told: Told) -> None:
    reader = told.reader
    first, second = reader.changes()
    assert (len(first.versions), len(second.versions)) == (READABLE, 2)
    assert set(first.keys) | set(second.keys) == {
        key
        for part in ("articles/", "silent-edits/", "withdrawn/", "rejected/")
        for key in told.archive.store.keys(part)
    }
    assert {each.article_id for each in reader.read(second.versions)} == {told.published, told.updated}
    assert [each.article_id for each in reader.read(second.silent_edits)] == [told.edited]
    assert [(each.kind, each.article_id) for each in reader.read(second.withdrawn)] == [("withdrawn", told.gone)]
    assert len(first.rejected) == 30 - READABLE
    assert [each.manifest for each in reader.changes(since=first.cursor)] == [second.manifest]
    assert list(reader.changes(since=second.cursor)) == []


def test_two_versions_and_what_parts_them(told: Told) -> None:
    old, new = told.reader.versions(told.updated)
    assert old.updated_at < new.updated_at
    assert told.reader.versions(told.url) == [old, new]
    assert told.reader.versions(told.url.replace(".html", "_2.html")) == [old, new]
    assert told.reader.versions(told.updated, day=old.day) == [old, new]
    assert told.reader.versions(told.updated, day=old.day - timedelta(days=9)) == []
    found = {each.field: each for each in diff(old, new)}
    assert {"dateModified", "articleBody"} <= found.keys() <= {"dateModified", "articleBody", "wordCount", "headline"}
    words = found["articleBody"].words()
    assert "".join(text for kind, text in words if kind != "added") == old.body
    assert "".join(text for kind, text in words if kind != "removed") == new.body
    assert {"same", "added"} <= {kind for kind, _ in words}
    assert diff(new, new) == []

    [edit] = told.reader.silent_edits(told.edited)
    [version] = told.reader.versions(told.edited)
    assert edit.updated_at == version.updated_at
    assert "articleBody" in {each.field for each in diff(version, edit)}


def test_the_latest_of_a_day_is_one_version_of_each_article(told: Told) -> None:
    old, new = told.reader.versions(told.updated)
    latest = {each.article_id: each for each in told.reader.latest(old.day)}
    assert latest[told.updated] == new
    assert latest[told.edited] == told.reader.versions(told.edited)[-1]
    assert list(told.reader.latest(old.day - timedelta(days=400))) == []


def test_a_capture_is_the_response_as_it_came(told: Told) -> None:
    old, new = told.reader.versions(told.updated)
    response = told.reader.capture(new)
    live = httpx.get(told.url)
    assert response.body == live.content
    assert (response.status, response.reason) == (200, "OK")
    assert response.url == told.url
    assert response.message.startswith(b"HTTP/1.1 200 OK\r\n")
    assert response.message.endswith(b"\r\n\r\n") or len(response.message) > 1000
    assert ("etag", live.headers["etag"]) in [(name.lower(), value) for name, value in response.headers]
    assert told.reader.capture(old).body != live.content
    with pytest.raises(UsageError, match="there is no page 2"):
        told.reader.capture(new, page=2)


def test_a_reading_by_a_newer_layout_stands_for_its_version(told: Told) -> None:
    [version] = told.reader.versions(told.tampered)
    for number in (9, 10):
        key = version.key.replace("articles/", "corrections/").replace(".json", f"-newsroom-{number}.json")
        told.archive.store.put(key, b'{"identifier": "%d"}' % number, JSON)
    assert [each.key for each in told.reader.versions(told.tampered)] == [key]


@pytest.mark.parametrize("data", [b"{", b"[]", b"\xff"])
def test_what_someone_broke_is_named(told: Told, data: bytes) -> None:
    told.archive.store.put("broken/broken.json", data)
    with pytest.raises(FindingsFound, match=r"broken\.json is no document"):
        list(told.reader.read(["broken/broken.json"]))
    with pytest.raises(FindingsFound, match=r"absent\.json is missing"):
        list(told.reader.read(["broken/absent.json"]))


def test_a_rejection_that_has_expired_is_left_out(told: Told) -> None:
    [first, _] = told.reader.changes()
    there = told.reader.read([*first.rejected, "rejected/newsroom/2022/02/18/WS1/expired.json"])
    assert [each.key for each in there] == list(first.rejected)


def test_a_capture_that_is_damaged_is_named(told: Told) -> None:
    [version] = told.reader.versions(told.tampered)[:1]
    store, data = told.archive.store, {"pressmark": {"captures": [{"warc": "broken/1.warc.gz", "url": "x"}]}}
    pointed = data["pressmark"]["captures"][0]
    for member in (
        b"not gzip, nor WARC",
        gzip.compress(b"WARC/1.1\r\nWARC-Type: metadata\r\nContent-Length: 0\r\n\r\n"),
    ):
        store.put("broken/1.warc.gz", member)
        pointed |= {"offset": 0, "length": len(member)}
        with pytest.raises(FindingsFound, match=r"broken/1\.warc\.gz, byte 0"):
            told.reader.capture(attrs.evolve(version, data=data))


def test_an_article_that_is_none_is_told_so(told: Told) -> None:
    with pytest.raises(UsageError, match="Give its URL"):
        told.reader.versions("22932345")
    assert told.reader.versions("WS" + "5" * 24) == []


def test_the_changes_of_a_run_that_its_manifest_names(told: Told) -> None:
    manifests = [key for key in told.archive.store.keys("runs/newsroom/") if key.endswith(".json")]
    [second] = told.reader.changes(since=manifests[0])
    assert isinstance(second, Changes)
    assert f"{second.manifest.run_id}.json" in manifests[1]


@pytest.mark.parametrize(
    ("extra", "modules"),
    [("reader", "pressmark.reader"), ("exports", "pressmark.jobs.export, pressmark.cli.commands.readers.export")],
)
def test_reading_needs_what_its_extra_brings_and_no_more(extra: str, modules: str) -> None:
    brought = _brought("pressmark", extra)
    absent = [
        name for name, homes in packages_distributions().items() if not brought & set(map(canonicalize_name, homes))
    ]
    assert {"scrapy", "airflow", "fastwarc"} <= set(absent)
    blocked = f"import sys; sys.modules |= dict.fromkeys({absent!r}); import {modules}"
    subprocess.run([sys.executable, "-c", blocked], check=True)
    assert {"boto3", "warcio"} <= brought
    assert len(brought) < 30


def _brought(package: str, extra: str = "") -> set[str]:
    """Return the packages that an installation of this one brings."""
    found = {package}
    for line in requires(package) or ():
        requirement: Any = Requirement(line)
        if not requirement.marker or requirement.marker.evaluate({"extra": extra}):
            found |= _brought(canonicalize_name(requirement.name))
    return found
