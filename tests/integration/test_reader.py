"""The reader on real crawls of the newsroom's script: publish, update, silent edit and withdraw."""

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
class ReadArchive:
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
def read_archive(s3: RunningS3, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReadArchive]:
    with pytest.MonkeyPatch.context() as patch:
        fresh_bucket(s3, patch)
        with archiving(tmp_path_factory.mktemp("reader"), patch) as archive:
            yield _make_archive(archive)


def _make_archive(archive: Archive) -> ReadArchive:
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
    return ReadArchive(archive, reader, known[updated], published, updated, edited, gone, tampered)


def test_a_job_follows_the_runs_and_reads_what_they_added(read_archive: ReadArchive) -> None:
    reader = read_archive.reader
    first, second = reader.changes()
    assert (len(first.versions), len(second.versions)) == (READABLE, 2)
    assert set(first.keys) | set(second.keys) == {
        key
        for part in ("articles/", "silent-edits/", "withdrawn/", "rejected/")
        for key in read_archive.archive.store.keys(part)
    }
    assert {each.article_id for each in reader.read(second.versions)} == {read_archive.published, read_archive.updated}
    assert [each.article_id for each in reader.read(second.silent_edits)] == [read_archive.edited]
    assert [(each.kind, each.article_id) for each in reader.read(second.withdrawn)] == [
        ("withdrawn", read_archive.gone)
    ]
    assert len(first.rejected) == 30 - READABLE
    assert [each.manifest for each in reader.changes(since=first.cursor)] == [second.manifest]
    assert list(reader.changes(since=second.cursor)) == []


def test_two_versions_and_their_differences(read_archive: ReadArchive) -> None:
    old, new = read_archive.reader.versions(read_archive.updated)
    assert old.updated_at < new.updated_at
    assert read_archive.reader.versions(read_archive.url) == [old, new]
    assert read_archive.reader.versions(read_archive.url.replace(".html", "_2.html")) == [old, new]
    assert read_archive.reader.versions(read_archive.updated, day=old.day) == [old, new]
    assert read_archive.reader.versions(read_archive.updated, day=old.day - timedelta(days=9)) == []
    found = {each.field: each for each in diff(old, new)}
    assert {"dateModified", "articleBody"} <= found.keys() <= {"dateModified", "articleBody", "wordCount", "headline"}
    words = found["articleBody"].words()
    assert "".join(text for kind, text in words if kind != "added") == old.body
    assert "".join(text for kind, text in words if kind != "removed") == new.body
    assert {"same", "added"} <= {kind for kind, _ in words}
    assert diff(new, new) == []

    [edit] = read_archive.reader.silent_edits(read_archive.edited)
    [version] = read_archive.reader.versions(read_archive.edited)
    assert edit.updated_at == version.updated_at
    assert "articleBody" in {each.field for each in diff(version, edit)}


def test_the_latest_of_a_day_is_one_version_of_each_article(read_archive: ReadArchive) -> None:
    old, new = read_archive.reader.versions(read_archive.updated)
    latest = {each.article_id: each for each in read_archive.reader.latest(old.day)}
    assert latest[read_archive.updated] == new
    assert latest[read_archive.edited] == read_archive.reader.versions(read_archive.edited)[-1]
    assert list(read_archive.reader.latest(old.day - timedelta(days=400))) == []


def test_a_capture_is_the_response_as_it_came(read_archive: ReadArchive) -> None:
    old, new = read_archive.reader.versions(read_archive.updated)
    response = read_archive.reader.capture(new)
    live = httpx.get(read_archive.url)
    assert response.body == live.content
    assert (response.status, response.reason) == (200, "OK")
    assert response.url == read_archive.url
    assert response.message.startswith(b"HTTP/1.1 200 OK\r\n")
    assert response.message.endswith(b"\r\n\r\n") or len(response.message) > 1000
    assert ("etag", live.headers["etag"]) in [(name.lower(), value) for name, value in response.headers]
    assert read_archive.reader.capture(old).body != live.content
    with pytest.raises(UsageError, match="there is no page 2"):
        read_archive.reader.capture(new, page=2)


def test_a_reading_by_a_newer_layout_stands_for_its_version(read_archive: ReadArchive) -> None:
    [version] = read_archive.reader.versions(read_archive.tampered)
    for number in (9, 10):
        key = version.key.replace("articles/", "corrections/").replace(".json", f"-newsroom-{number}.json")
        read_archive.archive.store.put(key, b'{"identifier": "%d"}' % number, JSON)
    assert [each.key for each in read_archive.reader.versions(read_archive.tampered)] == [key]


@pytest.mark.parametrize("data", [b"{", b"[]", b"\xff"])
def test_what_someone_broke_is_named(read_archive: ReadArchive, data: bytes) -> None:
    read_archive.archive.store.put("broken/broken.json", data)
    with pytest.raises(FindingsFound, match=r"broken\.json is no document"):
        list(read_archive.reader.read(["broken/broken.json"]))
    with pytest.raises(FindingsFound, match=r"absent\.json is missing"):
        list(read_archive.reader.read(["broken/absent.json"]))


def test_a_rejection_that_has_expired_is_left_out(read_archive: ReadArchive) -> None:
    [first, _] = read_archive.reader.changes()
    there = read_archive.reader.read([*first.rejected, "rejected/newsroom/2022/02/18/WS1/expired.json"])
    assert [each.key for each in there] == list(first.rejected)


def test_a_capture_that_is_damaged_is_named(read_archive: ReadArchive) -> None:
    [version] = read_archive.reader.versions(read_archive.tampered)[:1]
    store, data = read_archive.archive.store, {"pressmark": {"captures": [{"warc": "broken/1.warc.gz", "url": "x"}]}}
    pointed = data["pressmark"]["captures"][0]
    for member in (
        b"not gzip, nor WARC",
        gzip.compress(b"WARC/1.1\r\nWARC-Type: metadata\r\nContent-Length: 0\r\n\r\n"),
    ):
        store.put("broken/1.warc.gz", member)
        pointed |= {"offset": 0, "length": len(member)}
        with pytest.raises(FindingsFound, match=r"broken/1\.warc\.gz, byte 0"):
            read_archive.reader.capture(attrs.evolve(version, data=data))


def test_an_unknown_article_is_an_error(read_archive: ReadArchive) -> None:
    with pytest.raises(UsageError, match="Give its URL"):
        read_archive.reader.versions("22932345")
    assert read_archive.reader.versions("WS" + "5" * 24) == []


def test_the_changes_of_a_run_that_its_manifest_names(read_archive: ReadArchive) -> None:
    manifests = [key for key in read_archive.archive.store.keys("runs/newsroom/") if key.endswith(".json")]
    [second] = read_archive.reader.changes(since=manifests[0])
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
