"""Invalid names, notes and lines in a spool: each is ignored and stops no others."""

import json
import os
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pressmark.archive.bucket.manifest_model import SetAsideFile
from pressmark.archive.publish.manifest_commit import unlisted
from pressmark.archive.spool.batch import Drafts
from pressmark.archive.spool.set_aside import claimed
from pressmark.archive.spool.spool_files import SegmentName
from pressmark.errors import SpoolError
from tests.cli.test_cli import pressmark
from tests.support.spooled import Spooled, flip, left, members, spooled, whole

__all__ = ["left", "spooled", "whole"]
pytestmark = pytest.mark.long


RUNS = [
    b"\xff\xfe",
    b"x" * (255 - len(b"newsroom-20261126220821979--00001.warc.gz")),
    "\N{ARABIC-INDIC DIGIT ONE}".encode() * 17,
    b"a\nb",
    b"a b",
]


def test_segments_of_odd_names_are_set_aside_and_stop_nothing(spooled: Spooled, whole: set[str]) -> None:
    names = [os.fsdecode(b"newsroom-20261126220821979-" + run + b"-00001.warc.gz") for run in RUNS]
    for name in names:
        shutil.copy(spooled.segments()[-1], spooled.folder / name)
    assert len(spooled.recover()) >= 5
    assert spooled.published_records().keys() == whole
    assert {each[:200] for each in spooled.set_aside()} == {each[:200] for each in names}
    assert all(len(os.fsencode(each.name)) <= 255 for each in spooled.folder.iterdir())
    assert len(list(spooled.folder.glob("*.bad.json"))) == len(names)
    assert spooled.is_clean()


def test_digits_that_are_not_ascii_are_in_no_segment_name() -> None:
    digits = "\N{ARABIC-INDIC DIGIT TWO}" * 17
    assert SegmentName.parse(f"news-{digits}-run-00001.warc.gz", "news") is None
    assert SegmentName.parse("news-20261126220821979-run-00001.warc.gz", "news")


TIMES = ["yesterday", "0001-01-01T00:00:00Z", "1970-01-01T00:00:00+14:00", "9998-12-31T23:00:00-14:00"]


def noted_since(time: str) -> Callable[[Path], object]:
    facts = {"name": "x", "reason": "x", "since": time, "records": {}}
    return lambda note: note.write_text(json.dumps(facts))


NOTES: dict[str, Callable[[Path], object]] = {
    "pipe": os.mkfifo,
    "link": lambda note: note.symlink_to("/dev/zero"),
    "folder": lambda note: note.mkdir(),
    "deep": lambda note: note.write_bytes(b"[" * 200_000),
    "infinity": lambda note: note.write_text(
        '{"name":"x","reason":"x","since":"2026-11-27T06:00:00Z","records":{},"lost":Infinity}'
    ),
    "attempt": lambda note: note.write_text(
        '{"name":"x","reason":"x","since":"2026-11-27T06:00:00Z","records":{},"attempt":"1; rm","salvage":"pending"}'
    ),
    "many": lambda note: note.write_text(
        '{"name":"x","reason":"x","since":"2026-11-27T06:00:00Z","records":{},"salvage":"pending","attempt":1'
        + "0" * 300
        + "}"
    ),
    "pending": lambda note: note.write_text(
        '{"name":"x","reason":"x","since":"2026-11-27T06:00:00Z","records":{},"salvage":"pending"}'
    ),
    "place": lambda note: note.write_text(
        '{"name":"x","reason":"x","since":"2026-11-27T06:00:00Z","records":{"a":["x",-1,0]}}'
    ),
    **{f"since {number}": noted_since(time) for number, time in enumerate(TIMES)},
}


def test_notes_that_are_none_stop_nothing(spooled: Spooled, whole: set[str]) -> None:
    for name, make in NOTES.items():
        (spooled.folder / f"{name}.bad").touch()
        make(spooled.folder / f"{name}.bad.json")
    status = pressmark("status", "--json")
    assert status.returncode == 0, status.stderr
    spooled.recover()
    assert spooled.published_records().keys() == whole
    assert set(spooled.set_aside()) == NOTES.keys()
    for note in claimed(spooled.folder, "newsroom", "world/europe"):  # As the manifest of the next run does.
        SetAsideFile.from_json(note.summary)


@pytest.mark.parametrize("name", ["pipe", "many", "attempt"])
def test_a_damaged_segment_whose_note_is_none_is_salvaged(spooled: Spooled, whole: set[str], name: str) -> None:
    path = spooled.segments()[0]
    path.rename(spooled.folder / f"{path.name}.bad")
    NOTES[name](spooled.folder / f"{path.name}.bad.json")
    spooled.recover()
    assert spooled.published_records().keys() >= whole


TEXTS = ["[" * 200_000, '{"records": Infinity}', '{"records": 1, "segment": {"key": 1}}', "\0"]


def test_odd_files_beside_segments_stop_nothing(spooled: Spooled, whole: set[str]) -> None:
    path = spooled.segments()[0]
    for number, text in enumerate(TEXTS):
        for place, ending in enumerate((".published.json", ".uploaded", ".drafts.jsonl")):
            (spooled.folder / f"{path.name.replace('-00001', f'-0{number}{place}99')}{ending}").write_text(text)
    spooled.recover()
    assert spooled.published_records().keys() == whole
    assert spooled.set_aside()
    assert spooled.is_clean()


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.write_bytes(b"[" * 200_000)])
def test_a_mark_that_is_none_stops_nothing(spooled: Spooled, whole: set[str], make: Callable[[Path], object]) -> None:
    make(spooled.folder / "telling.json")
    unlisted(spooled.store, spooled.folder, "newsroom")
    spooled.recover()
    assert spooled.published_records().keys() == whole


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: path.symlink_to(path.name)])
def test_an_archivist_lock_that_is_none_is_named(spooled: Spooled, make: Callable[[Path], object]) -> None:
    lock = spooled.config.spool / "newsroom.archivist.lock"
    lock.unlink(missing_ok=True)
    make(lock)
    with pytest.raises(SpoolError, match=f"{lock} can't be opened"):
        spooled.recover()


def test_a_note_of_a_later_release_is_read(spooled: Spooled) -> None:
    path = spooled.segments()[1]
    data = bytearray(path.read_bytes())
    flip(data, *members(bytes(data))[2])
    path.write_bytes(data)
    spooled.recover()
    note = spooled.folder / f"{path.name}.bad.json"
    note.write_text(json.dumps({**json.loads(note.read_text()), "later": 1}))
    for each in spooled.folder.glob("*.published.json"):
        each.unlink()
    assert spooled.recover() == []
    assert "damaged" in spooled.set_aside()[path.name]


def with_capture(**changes: Any) -> Callable[[dict[str, Any]], object]:
    return lambda draft: draft["document"]["pressmark"]["captures"][0].update(changes)


DRAFTS: dict[str, Callable[[dict[str, Any]], object]] = {
    "key of a manifest": lambda draft: draft.update(key="runs/newsroom/world/europe/2026/11/26/evil.json"),
    "key of another site": lambda draft: draft.update(key=draft["key"].replace("newsroom", "others")),
    "no key": lambda draft: draft.update(key=None),
    "key with dots": lambda draft: draft.update(key="articles/newsroom/../../x.json"),
    "long key": lambda draft: draft.update(key=f"articles/newsroom/{'x' * 2000}.json"),
    "no archivedAt": lambda draft: draft["document"].pop("archivedAt"),
    "NaN": lambda draft: draft["document"].update(wordCount=float("nan")),
    "offset": with_capture(offset="x"),
    "offset below 0": with_capture(offset=-1),
    "no length": with_capture(length=True),
    "warc of 2000 characters": with_capture(warc="warc/" + "x" * 2000),
    "warc is a list": with_capture(warc=[]),
    "warc is elsewhere": with_capture(warc="articles/x"),
    "record": with_capture(recordId=None),
    "captures": lambda draft: draft["document"]["pressmark"].update(captures={"a": 1}),
    "surrogate": lambda draft: draft["document"].update(headline="\ud800"),
}


@pytest.mark.parametrize("with_sum", [True, False])
def test_lines_of_drafts_that_are_none_are_read_again_from_the_captures(
    spooled: Spooled, whole: set[str], with_sum: bool
) -> None:
    segment = next(each for each in spooled.segments() if b'"headline"' in spooled.drafts(each).read_bytes())
    first, *others = spooled.drafts(segment).read_bytes().splitlines(keepends=True)
    expected = {json.loads(line.rpartition(b"\t")[0])["key"] for line in [first, *others]}
    lines = []
    for change in DRAFTS.values():
        draft = json.loads(first.rpartition(b"\t")[0])
        change(draft)
        lines.append(summed(draft) if with_sum else json.dumps(draft).encode() + b"\n")
    spooled.drafts(segment).write_bytes(b"".join([*lines, *others]))
    assert Drafts.read(spooled.drafts(segment), "newsroom").damaged == len(DRAFTS)

    spooled.recover()
    assert spooled.published_records().keys() == whole
    assert spooled.versions() | set(spooled.store.keys("rejected/")) >= expected
    assert list(spooled.set_aside()) == [spooled.drafts(segment).name]
    assert not any(key.startswith(("runs/", "articles/others/")) for key in spooled.store.keys(""))
    assert spooled.is_clean()


POINTERS: list[Callable[[dict[str, Any]], object]] = [
    with_capture(offset=0),  # Of the warcinfo record.
    with_capture(length=1),
    with_capture(recordId="urn:uuid:12345678-1234-5678-1234-567812345678"),
    lambda draft: with_capture(warc=draft["document"]["pressmark"]["captures"][0]["warc"].replace("-0", "-9"))(draft),
    with_capture(offset=10**9),
]


def test_lines_of_drafts_that_point_into_nothing_are_read_again_from_the_captures(
    spooled: Spooled, whole: set[str]
) -> None:
    expected = set()
    for segment in spooled.segments():
        lines = []
        for line in spooled.drafts(segment).read_bytes().splitlines(keepends=True):
            text = line.rpartition(b"\t")[0]
            captures = json.loads(text)["document"]["pressmark"]["captures"]
            if {each["warc"] for each in captures} != {key_of(segment)}:
                lines.append(line)
                continue
            for change in POINTERS:
                draft = json.loads(text)
                change(draft)
                lines.append(summed(draft))
            expected.add(draft["key"])
        spooled.drafts(segment).write_bytes(b"".join(lines))
        assert not Drafts.read(spooled.drafts(segment), "newsroom").damaged
    assert expected

    spooled.recover()
    assert spooled.published_records().keys() == whole
    assert {*spooled.versions(), *spooled.store.keys("rejected/")} >= expected
    assert spooled.set_aside() == {}
    assert spooled.is_clean()


def key_of(segment: Path) -> str:
    name = SegmentName.parse(segment.name, "newsroom")
    assert name
    return name.key


def summed(draft: dict[str, Any]) -> bytes:
    text = json.dumps(draft).encode()
    return b"%s\t%08x\n" % (text, zlib.crc32(text))
