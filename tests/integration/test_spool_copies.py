"""Spools whose files differ from those in the bucket with the same names: nothing in the bucket is overwritten."""

import json
import os
import shutil
from collections import Counter
from pathlib import Path

import attrs
import pytest

from pressmark.archive.s3.store import Store
from pressmark.archive.spool.salvage import copy_records, read_records
from pressmark.archive.spool.spool_files import SegmentName
from tests.cli.test_cli import pressmark
from tests.integration.test_killed import records
from tests.support.s3_proxy import Answer, Fault, of, proxied, times
from tests.support.spooled import Spooled, flip, left, members, spooled, whole

__all__ = ["left", "spooled", "whole"]
pytestmark = pytest.mark.long


def key_of(path: Path) -> str:
    name = SegmentName.parse(path.name.removesuffix(".open"), "newsroom")
    assert name
    return name.key


def largest(spooled: Spooled) -> Path:
    return max(spooled.segments(), key=lambda path: spooled.drafts(path).stat().st_size)


def first_half(path: Path) -> bytes:
    data = path.read_bytes()
    return data[: members(data)[len(members(data)) // 2][0]]


@pytest.mark.parametrize("ending", ["", ".open"])
@pytest.mark.parametrize("indexed", [True, False])
def test_an_older_copy_of_a_published_segment_overwrites_nothing(
    spooled: Spooled, whole: set[str], ending: str, indexed: bool
) -> None:
    path = largest(spooled)
    half, drafts = first_half(path), spooled.drafts(path).read_bytes()
    spooled.recover()
    before, versions = spooled.store.get(key_of(path)), spooled.versions()
    index = key_of(path).replace(".warc.gz", ".cdxj")
    lines = spooled.store.get(index)
    if not indexed:
        spooled.store.client.delete_object(Bucket=spooled.store.bucket, Key=index)
    for each in spooled.folder.glob("*.published.json"):
        each.unlink()
    (spooled.folder / (path.name + ending)).write_bytes(half + (b"half a record" if ending else b""))
    spooled.drafts(path).write_bytes(drafts)

    assert spooled.recover() == [path.name]
    assert spooled.store.get(key_of(path)) == before
    assert spooled.store.get(index) == lines
    assert spooled.published_records() == Counter(whole)
    assert spooled.versions() == versions
    [note] = [json.loads(each.read_text()) for each in spooled.folder.glob("*.published.json")]
    assert note["segment"]["size"] == len(before)
    assert spooled.set_aside() == {}
    assert spooled.is_clean()


def test_an_open_segment_beside_the_whole_one_overwrites_nothing(spooled: Spooled, whole: set[str]) -> None:
    path = largest(spooled)
    data = path.read_bytes()
    (spooled.folder / f"{path.name}.open").write_bytes(first_half(path))
    spooled.recover()
    assert spooled.store.get(key_of(path)) == data
    assert spooled.published_records() == Counter(whole)
    assert spooled.is_clean()


@pytest.mark.parametrize("ending", ["", ".open"])
def test_a_copy_under_another_name_is_set_aside(spooled: Spooled, whole: set[str], ending: str) -> None:
    path = largest(spooled)
    copy = path.name.replace(".warc.gz", "-copy-00007.warc.gz") + ending
    (spooled.folder / copy).write_bytes(path.read_bytes())
    spooled.recover()
    assert spooled.published_records() == Counter(whole)
    assert spooled.set_aside() == {copy: f"it is a copy of {path.name}"}


def test_a_segment_that_was_renamed_is_published_under_its_own_name(spooled: Spooled, whole: set[str]) -> None:
    path = largest(spooled)
    data = path.read_bytes()
    path.rename(path.with_name(path.name.replace("newsroom-20", "newsroom-19")))
    spooled.recover()
    assert spooled.store.get(key_of(path)) == data
    assert spooled.published_records() == Counter(whole)
    assert spooled.set_aside() == {}
    assert spooled.is_clean()


def test_what_the_bucket_lacks_of_a_segment_is_published_beside_it(spooled: Spooled, whole: set[str]) -> None:
    """An older copy was published first, and then the disk with the newer one came back."""
    path = largest(spooled)
    half = first_half(path)
    spooled.store.put(key_of(path), half)
    spooled.recover()
    assert spooled.store.get(key_of(path)) == half
    assert spooled.published_records().keys() > whole, "and the new segment's own warcinfo"
    assert max(spooled.published_records().values()) == 1
    assert [key for key in spooled.store.keys("warc/") if "-salvaged1.warc.gz" in key]
    assert spooled.is_clean()


def test_garbage_under_the_key_of_a_segment_is_left_and_all_is_published(spooled: Spooled, whole: set[str]) -> None:
    path, uploaded = spooled.segments()[:2]
    spooled.store.put(key_of(path), b"no gzip at all")
    spooled.store.put(key_of(uploaded), b"nor this")
    uploaded.rename(f"{uploaded}.uploaded")
    spooled.recover()
    found = {
        record_id
        for key in spooled.store.keys("warc/")
        if key.endswith(".warc.gz") and key not in {key_of(path), key_of(uploaded)}
        for record_id in records(spooled.store.get(key))
    }
    assert found >= whole
    assert spooled.store.get(key_of(path)) == b"no gzip at all"


@pytest.mark.parametrize("published", [True, False])
def test_a_segment_that_decays_after_its_note_was_lost_overwrites_nothing(
    spooled: Spooled, whole: set[str], published: bool
) -> None:
    path = largest(spooled)
    data = bytearray(path.read_bytes())
    first, last = members(bytes(data))[1], members(bytes(data))[-2]
    flip(data, *last)
    path.write_bytes(data)
    spooled.recover()
    found, objects = spooled.published_records(), dict(spooled.store.etags(""))
    bad = spooled.folder / f"{path.name}.bad"
    if not published:  # Killed before the salvaged segment was.
        [key] = [key for key in objects if "-salvaged1.warc.gz" in key]
        (spooled.folder / Path(key).name).write_bytes(spooled.store.get(key))
        spooled.store.client.delete_object(Bucket=spooled.store.bucket, Key=key)
    flip(data, *first)
    bad.write_bytes(data)
    (spooled.folder / f"{path.name}.bad.json").write_bytes(b"\0" * 200)

    spooled.recover()
    assert spooled.published_records() == found
    assert dict(spooled.store.etags("")) == objects
    assert spooled.is_clean()


def test_a_damaged_salvaged_segment_is_salvaged_as_well(spooled: Spooled, whole: set[str]) -> None:
    path = spooled.segments()[0]
    name = SegmentName.parse(path.name, "newsroom")
    assert name
    salvaged = path.with_name(name.salvaged(1).text)
    copy_records(path, salvaged, name.salvaged(1), read_records(path), ())
    path.unlink()
    data = bytearray(salvaged.read_bytes())
    lost = list(records(bytes(data)))[2]
    flip(data, *members(bytes(data))[2])
    salvaged.write_bytes(data)
    spooled.recover()
    assert spooled.published_records().keys() >= whole - {lost}
    assert list(spooled.set_aside()) == [salvaged.name]
    assert spooled.is_clean()


def test_a_backup_of_this_spool_overwrites_nothing_of_it(spooled: Spooled, whole: set[str], tmp_path: Path) -> None:
    shutil.copytree(spooled.config.spool, tmp_path / "backup")
    backup = {path.name: path for path in (tmp_path / "backup/newsroom").iterdir()}
    [opened] = [path for name, path in backup.items() if name.endswith(".open")]
    opened.write_bytes(first_half(opened))
    for name, path in backup.items():
        if name.endswith(".drafts.jsonl"):
            path.write_bytes(b"")
    gone = spooled.segments()[0]
    data = gone.read_bytes()
    for path in (gone, spooled.drafts(gone)):
        path.unlink()
    newer = {path.name: path.read_bytes() for path in spooled.folder.iterdir()}

    done = pressmark("recover", "newsroom", "--of", str(tmp_path / "backup"))
    assert done.returncode == 5
    assert f"{len(backup) - 2} files stay in {tmp_path / 'backup/newsroom'}" in done.stderr.replace("\n", "")
    assert spooled.store.get(key_of(gone)) == data
    assert spooled.published_records() == Counter(whole), "what is here is recovered all the same"
    assert {path.name for path in (tmp_path / "backup/newsroom").iterdir()} == newer.keys()
    for link in (spooled.config.spool, tmp_path / "link"):
        if link != spooled.config.spool:
            link.symlink_to(spooled.config.spool)
        assert pressmark("recover", "--of", str(link)).returncode == 2


PORTAL = b"<html><p>Please log in</p></html>"


@pytest.mark.parametrize("what", [r"\.warc\.gz\?", r"\.cdxj\?", "/(articles|rejected)/"])
def test_a_login_page_in_the_place_of_the_bucket_loses_nothing(
    spooled: Spooled, whole: set[str], what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pressmark.archive.s3.patience.FIRST", 0.02)
    answer = Answer(200, {"Content-Type": "text/html", "Content-Length": str(len(PORTAL))}, PORTAL)
    with proxied(os.environ["AWS_ENDPOINT_URL_S3"]) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", proxy.endpoint)
        proxy.rule = times(3, Fault(answer=answer, reaches_server=False), of("PUT", what))
        through = attrs.evolve(spooled, store=attrs.evolve(Store.open(spooled.config), patience=5))
        through.recover()
    assert spooled.published_records() == Counter(whole)
    there = set(spooled.store.keys(""))
    for note in spooled.folder.glob("*.published.json"):
        facts = json.loads(note.read_text())
        assert {each["key"] for each in (facts["segment"], facts["index"], *facts["objects"])} <= there
