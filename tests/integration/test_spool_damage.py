"""Unreadable files in a spool: all complete records get to the bucket, the rest is set aside and reported."""

import gzip
import json
import os
import re
import shutil
import threading
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from pressmark.archive.publish import repair
from pressmark.archive.s3.store import Store
from pressmark.archive.spool.set_aside import all_set_aside, new_note, write_note
from pressmark.crawl.recover import restore_files
from pressmark.errors import SpoolError, UsageError
from tests.cli.test_cli import pressmark
from tests.integration.test_killed import records
from tests.support.spooled import Spooled, flip, head, hole, left, members, spooled, stray_copy, whole

__all__ = ["left", "spooled", "whole"]
pytestmark = pytest.mark.long


def test_an_undamaged_spool_is_published_whole(spooled: Spooled, whole: set[str]) -> None:
    assert len(spooled.recover()) >= 5
    assert spooled.published_records().keys() == whole
    assert spooled.versions()
    assert spooled.set_aside() == {}
    assert spooled.is_clean()


@pytest.mark.parametrize("which", ["sealed", "open"])
@pytest.mark.parametrize("damage", [flip, hole, head])
def test_each_whole_record_of_a_damaged_segment_is_published(
    spooled: Spooled, whole: set[str], which: str, damage: Callable[[bytearray, int, int], None]
) -> None:
    [path, *_] = spooled.segments() if which == "sealed" else spooled.folder.glob("*.open")
    data = bytearray(path.read_bytes())
    records_there = list(records(bytes(data)))
    place = members(bytes(data[: sum(length for _, length in _whole_members(data))]))[2]
    damage(data, *place)
    path.write_bytes(data)
    others = {key for key in whole if key != records_there[2]}

    assert len(spooled.recover()) >= 5
    found = spooled.published_records()
    assert others <= found.keys()
    assert records_there[2] not in found
    assert len(found.keys() - others) == 1, "the new segment's own warcinfo"
    [(name, reason)] = spooled.set_aside().items()
    assert name == path.name
    assert "damaged" in reason
    assert (spooled.folder / f"{path.name}.bad").read_bytes() == data
    assert spooled.is_clean()


def _whole_members(data: bytearray) -> Iterator[tuple[int, int]]:
    offset = 0
    while offset < len(data):
        member = zlib.decompressobj(zlib.MAX_WBITS | 16)
        member.decompress(bytes(data[offset:]))
        if not member.eof:
            return
        length = len(data) - offset - len(member.unused_data)
        yield offset, length
        offset += length


def empty_segment(spooled: Spooled) -> str:
    path = spooled.folder / spooled.segments()[0].name.replace("-00001", "-00099")
    path.touch()
    return path.name


def of_another_site(spooled: Spooled) -> str:
    name = spooled.segments()[0].name.replace("newsroom-", "newsroom-2-")
    shutil.copy(spooled.segments()[0], spooled.folder / name)
    return name


def a_folder(spooled: Spooled) -> str:
    path = spooled.folder / spooled.segments()[0].name.replace("-00001", "-00098")
    path.mkdir()
    (path / "file").touch()
    return path.name


def a_link(spooled: Spooled) -> str:
    secret = spooled.config.spool.parent / "secret"
    shutil.copy(spooled.segments()[0], secret)
    path = spooled.folder / spooled.segments()[0].name.replace("-00001", "-00097")
    path.symlink_to(secret)
    return path.name


def a_link_to_nothing(spooled: Spooled) -> str:
    path = spooled.folder / spooled.segments()[0].name.replace("-00001", "-00096")
    path.symlink_to("/nonexistent/secret")
    return path.name


def a_pipe(spooled: Spooled) -> str:
    path = spooled.folder / spooled.segments()[0].name.replace("-00001", "-00095")
    os.mkfifo(path)
    return path.name


def lone_drafts(spooled: Spooled) -> str:
    first = spooled.segments()[0].name
    path = spooled.folder / f"{first.replace('-00001', '-00094')}.drafts.jsonl"
    path.write_text("{}\n")
    return path.name


def not_text(spooled: Spooled) -> str:
    path = spooled.folder / os.fsdecode(b"newsroom-\xff\x1b[31m.warc.gz")
    path.touch()
    return path.name


KINDS: list[Callable[[Spooled], str]] = [
    empty_segment,
    stray_copy,
    of_another_site,
    a_folder,
    a_link,
    a_link_to_nothing,
    a_pipe,
    lone_drafts,
    not_text,
]


@pytest.mark.parametrize("make", KINDS)
def test_what_does_not_belong_is_set_aside_and_stops_nothing(
    spooled: Spooled, whole: set[str], make: Callable[[Spooled], str]
) -> None:
    name = make(spooled)
    assert len(spooled.recover()) >= 5
    assert spooled.published_records().keys() == whole
    assert list(spooled.set_aside()) == [name]
    assert all(note.summary["file"].isprintable() for note in all_set_aside(spooled.folder, "newsroom"))
    assert spooled.is_clean()


@pytest.mark.parametrize("make", [a_pipe, a_link, a_link_to_nothing, a_folder])
@pytest.mark.parametrize("noted", [False, True])
def test_what_was_set_aside_and_is_no_file_is_never_opened(
    spooled: Spooled, whole: set[str], make: Callable[[Spooled], str], noted: bool
) -> None:
    """Killed between the renaming and the note; and a note that was made of a file."""
    bad = spooled.folder / f"{make(spooled)}.bad"
    (spooled.folder / bad.name.removesuffix(".bad")).rename(bad)
    if noted:
        write_note(bad, attrs.evolve(new_note(bad, "x", segment=True), salvage="pending"))
    spooled.recover()
    assert spooled.published_records().keys() == whole
    assert list(spooled.set_aside()) == [bad.name.removesuffix(".bad")]


@pytest.mark.parametrize("with_open", [False, True])
def test_what_was_captured_last_and_not_read_yet_is_read_again(spooled: Spooled, with_open: bool) -> None:
    """Killed when a segment was sealed, and its last pages were still to be read."""
    if not with_open:
        [path] = spooled.folder.glob("*.open")
        path.unlink()
        spooled.drafts(path.with_suffix("")).unlink()
    segment = spooled.segments()[-1]
    lines = spooled.drafts(segment).read_bytes().splitlines(keepends=True)
    places = [set(re.findall(rb'"warc":\s*"[^"]*/([^"/]+)"', line)) for line in lines]
    own = [line for line, names in zip(lines, places, strict=True) if names == {segment.name.encode()}]
    wanted = {key.decode() for line in own for key in re.findall(rb'"key":\s*"([^"]+)"', line)}
    assert wanted
    spooled.drafts(segment).write_bytes(b"".join(line for line in lines if line not in own))
    spooled.recover()
    assert wanted <= {*spooled.versions(), *spooled.store.keys("rejected/")}
    assert spooled.is_clean()


def test_a_leftover_part_is_deleted(spooled: Spooled, whole: set[str]) -> None:
    first = spooled.segments()[0].name
    for name in (f"{first}.drafts.jsonl.part", f"{first}.published.json.part", "telling.json.part"):
        (spooled.folder / name).write_text("{")
    spooled.recover()
    assert spooled.published_records().keys() == whole
    assert spooled.set_aside() == {}
    assert not list(spooled.folder.glob("*.part"))
    assert spooled.is_clean()


@pytest.mark.parametrize("damage", [b"\0\0\0\0\n", b'{"article_id": 1}\n', b"\xff\xfe\n", b"[" * 100_000 + b"\n"])
def test_lines_of_drafts_that_cannot_be_read_are_read_again_from_the_captures(
    spooled: Spooled, whole: set[str], damage: bytes, tmp_path: Path
) -> None:
    shutil.copytree(spooled.config.spool, tmp_path / "copy")
    segment = next(each for each in spooled.segments() if spooled.drafts(each).stat().st_size)
    drafts = spooled.drafts(segment)
    expected = {json.loads(line.rpartition("\t")[0])["key"] for line in drafts.read_text().splitlines()}
    drafts.write_bytes(damage + drafts.read_bytes()[: drafts.stat().st_size // 2].rpartition(b"\n")[0] + b"\n" + damage)
    spooled.recover()
    assert spooled.published_records().keys() == whole
    assert spooled.versions() | set(spooled.store.keys("rejected/")) >= expected
    assert list(spooled.set_aside()) == [drafts.name]
    assert spooled.is_clean()


def test_repeated_drafts_are_listed_once(spooled: Spooled) -> None:
    for each in spooled.segments():
        spooled.drafts(each).write_bytes(2 * spooled.drafts(each).read_bytes())
    spooled.recover()
    notes = [json.loads(each.read_text()) for each in spooled.folder.glob("*.published.json")]
    listed = [each["key"] for note in notes for each in note["objects"]]
    assert len(listed) == len(set(listed)) > 0


def test_a_flipped_bit_that_leaves_other_json_is_found(spooled: Spooled) -> None:
    segment = next(each for each in spooled.segments() if b'"headline"' in spooled.drafts(each).read_bytes())
    drafts = spooled.drafts(segment)
    data = drafts.read_bytes()
    at = data.index(b'"headline": "') + len(b'"headline": "')
    drafts.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    key = json.loads(data.splitlines()[0].rpartition(b"\t")[0])
    spooled.recover()
    published = [json.loads(spooled.store.get(each)) for each in spooled.versions()]
    headlines = {each["headline"] for each in published}
    assert any(each["headline"] in data.decode() for each in published)
    assert not any(headline.encode() not in data for headline in headlines if headline[1:].encode() in data), key
    assert spooled.is_clean()


def test_a_file_that_may_not_be_read_stops_nothing(spooled: Spooled, whole: set[str]) -> None:
    first = spooled.segments()[0]
    lost = set(records(first.read_bytes()))
    if os.geteuid() == 0:  # Nothing is forbidden to root: a child that is somebody else does it.
        for path in [spooled.config.spool.parent, *spooled.config.spool.rglob("*"), spooled.config.spool]:
            os.chown(path, 65534, 65534)
    first.chmod(0)
    pid = os.fork()
    if not pid:
        try:
            if os.geteuid() == 0:
                _reachable(spooled.folder)
                os.setuid(65534)
            spooled.recover()
            os._exit(0)
        except BaseException:  # noqa: BLE001 - a forked test must not go on
            os._exit(1)
    assert os.waitpid(pid, 0)[1] == 0
    assert spooled.published_records().keys() >= whole - lost
    [(name, reason)] = spooled.set_aside().items()
    assert name == first.name
    assert "Permission denied" in reason

    (spooled.folder / f"{first.name}.bad").chmod(0o600)
    restore_files(spooled.config, spooled.site, [name])
    assert spooled.recover() == [first.name]
    assert spooled.published_records().keys() == whole
    assert spooled.set_aside() == {}
    assert spooled.is_clean()


def empty_member(data: bytes) -> bytes:
    return data + gzip.compress(b"")


def doubled(data: bytes) -> bytes:
    return data * 2


def one_member(data: bytes) -> bytes:
    return gzip.compress(gzip.decompress(data))


def no_record(data: bytes) -> bytes:
    return data + gzip.compress(b"no record")


@pytest.mark.parametrize("which", ["sealed", "open"])
@pytest.mark.parametrize("edit", [empty_member, doubled, one_member, no_record])
def test_a_segment_whose_members_are_not_one_record_each_is_salvaged(
    spooled: Spooled, whole: set[str], which: str, edit: Callable[[bytes], bytes]
) -> None:
    [path, *_] = spooled.segments() if which == "sealed" else spooled.folder.glob("*.open")
    data = path.read_bytes()
    path.write_bytes(edit(data))
    spooled.recover()
    lost = set(records(data)) if edit is one_member else set()
    assert spooled.published_records().keys() >= whole - lost
    assert all(count == 1 for count in spooled.published_records().values())
    cut_off = which == "open" and edit is no_record  # As what a killed run was writing.
    assert (path.name in spooled.set_aside()) is not cut_off
    assert [each for each in spooled.store.keys("rejected/") if "parser-error" in each] == []
    for key in spooled.store.keys("warc/"):
        if key.endswith(".warc.gz"):
            stored = spooled.store.get(key)
            assert len(members(stored)) == len(list(records(stored)))
    assert spooled.is_clean()


def no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    start = threading.Thread.start

    def refused(thread: threading.Thread) -> None:
        if thread.name.startswith("publish"):
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refused)


def no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*args: object) -> None:
        raise MemoryError

    monkeypatch.setattr(repair, "sealed", refused)


def no_object(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(store: Store, key: str, *args: object) -> None:
        raise KeyError(key)

    monkeypatch.setattr(Store, "put_new", refused)


@pytest.mark.parametrize("without", [no_thread, no_memory, no_object])
def test_a_passing_trouble_of_the_machine_or_the_bucket_sets_nothing_aside(
    spooled: Spooled, whole: set[str], monkeypatch: pytest.MonkeyPatch, without: Callable[[pytest.MonkeyPatch], None]
) -> None:
    with monkeypatch.context() as patched:
        without(patched)
        with pytest.raises(SpoolError, match="now; it waits"):
            spooled.recover()
    assert spooled.set_aside() == {}
    spooled.recover()
    assert spooled.published_records() == Counter(whole)
    assert spooled.versions()
    assert spooled.set_aside() == {}
    assert spooled.is_clean()


def _reachable(folder: Path) -> None:
    for each in folder.parents:
        if each != Path("/"):
            each.chmod(each.stat().st_mode | 0o055)


def test_a_repaired_segment_is_taken_again_and_only_what_was_missing_is_published(
    spooled: Spooled, whole: set[str]
) -> None:
    first = spooled.segments()[0]
    data = bytearray(first.read_bytes())
    good = bytes(data)
    flip(data, *members(good)[1])
    hole(data, *members(good)[4])
    first.write_bytes(data)
    spooled.recover()
    assert len(whole - spooled.published_records().keys()) == 2

    bad = spooled.folder / f"{first.name}.bad"
    restore_files(spooled.config, spooled.site, [first.name])
    assert spooled.recover() == [], "it is as it was"
    assert list(spooled.set_aside()) == [first.name]
    for repaired, missing in ((good[: members(good)[4][0]] + bytes(data[members(good)[4][0] :]), 1), (good, 0)):
        bad.write_bytes(repaired)
        restore_files(spooled.config, spooled.site, [first.name])
        assert len(spooled.recover()) == 1
        found = spooled.published_records()
        assert len(whole - found.keys()) == missing
        assert max(found.values()) == 1
    assert spooled.set_aside() == {}
    assert not bad.exists()
    assert spooled.is_clean()
    with pytest.raises(UsageError, match="not set aside"):
        restore_files(spooled.config, spooled.site, [first.name])


def test_the_commands_name_what_is_set_aside(spooled: Spooled, whole: set[str]) -> None:
    first = spooled.segments()[0]
    data = bytearray(first.read_bytes())
    flip(data, *members(bytes(data))[1])
    first.write_bytes(data)
    stray_copy(spooled)
    before = pressmark("status", "--json")
    assert before.returncode == 0, before.stderr
    done = pressmark("recover", "newsroom", "--json")
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    assert {each["file"]: each["records"] > 0 for each in said["set_aside"]} == {
        "copy.warc.gz": False,
        first.name: True,
    }
    assert len(said["recovered"]) >= 5
    status = json.loads(pressmark("status", "--json").stdout)
    assert next(len(row["set_aside"]) for row in status if row["section"].startswith("newsroom/")) == 2
    shown = pressmark("recover", "newsroom")
    assert "copy.warc.gz" in shown.stdout
    again = pressmark("recover", "newsroom", "--again", "nothing")
    assert again.returncode == 2
    assert pressmark("recover", "--again", "nothing").returncode == 2
