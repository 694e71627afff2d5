import json
from datetime import UTC, datetime
from pathlib import Path

import attrs
import pytest

from pressmark.archive.bucket import manifest
from pressmark.archive.bucket.manifest_model import ListedObject, ListedSegment, Manifest
from pressmark.archive.publish.manifest_commit import commit, unlisted
from pressmark.archive.publish.publisher import publish
from pressmark.archive.publish.repair import Recovery
from pressmark.archive.s3.store import JSON, Store, Stored
from pressmark.archive.spool.batch import Published, published_notes
from pressmark.archive.spool.regular_file import read_regular
from tests.archive.test_publisher import batches
from tests.support.manifests import manifest_of

RUN = manifest_of(datetime(2022, 2, 18, tzinfo=UTC), "r1", section="world")


@attrs.frozen
class Killed(Store):
    """The real store in a process that ends before or after the write of the manifest."""

    before: bool = False

    def put(self, key: str, data: bytes, content_type: str = JSON) -> Stored:
        if not self.before:
            super().put(key, data, content_type)
        raise SystemExit


@pytest.fixture
def spooled(store: Store, tmp_path: Path) -> Path:
    """The spool of a run that published two segments."""
    for batch in batches(tmp_path, "articles/1.json", "articles/2.json"):
        publish(store, batch)
    return tmp_path


def listing(*notes: Published) -> Manifest:
    """Return a manifest that lists these."""
    segments = [
        ListedSegment(**attrs.asdict(each.segment), records=each.records, index=ListedObject.of(each.index))
        for each in notes
    ]
    return attrs.evolve(RUN, segments=tuple(segments))


def test_what_a_manifest_lists_is_forgotten(store: Store, spooled: Path) -> None:
    notes = unlisted(store, spooled, "news")
    assert len(notes) == 2
    assert commit(store, spooled, RUN, notes) == "runs/news/world/2022/02/18/r1.json"
    assert unlisted(store, spooled, "news") == {}
    assert list(spooled.iterdir()) == []


@pytest.mark.parametrize(("before", "left"), [(True, 2), (False, 0)])
def test_a_run_killed_around_its_manifest_is_listed_once(store: Store, spooled: Path, before: bool, left: int) -> None:
    notes = published_notes(spooled, "news")
    with pytest.raises(SystemExit):
        commit(Killed(store.bucket, store.client, before=before), spooled, listing(*notes.values()), notes)
    assert len(list(manifest.below(store, "news/"))) == (0 if before else 1)
    assert len(unlisted(store, spooled, "news")) == left
    assert len(unlisted(store, spooled, "news")) == left  # Also when the next run is killed before its manifest.


def test_what_was_published_to_another_bucket_is_in_no_manifest_of_this_one(
    store: Store, spooled: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one, two = unlisted(store, spooled, "news").items()
    store.client.delete_object(Bucket=store.bucket, Key=one[1].segment.key)
    assert unlisted(store, spooled, "news") == dict([two])
    assert f"{one[1].segment.key} is not in bucket" in caplog.text
    commit(store, spooled, RUN, [two[0]])
    assert published_notes(spooled, "news") == dict([one]), "it is listed by a run with its bucket"


def test_a_run_that_captured_nothing_needs_no_spool(store: Store, tmp_path: Path) -> None:
    assert commit(store, tmp_path / "absent", RUN, []) == "runs/news/world/2022/02/18/r1.json"
    assert unlisted(store, tmp_path / "absent", "news") == {}


def test_a_part_that_cannot_be_deleted_stops_nothing(
    store: Store, spooled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part, unlink = spooled / "telling.json.part", Path.unlink
    part.write_text("{")

    def refused(path: Path, missing_ok: bool = False) -> None:
        if path == part:
            raise PermissionError(1, "Operation not permitted")
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", refused)
    for _ in range(2):
        assert Recovery(store, spooled, "news", lambda segments, known: []).run() == []
    assert commit(store, spooled, RUN, unlisted(store, spooled, "news"))
    assert list(spooled.iterdir()) == [part]


KEYS = ["runs/../x.json", "runs/a/./b.json", "runs//b.json", "articles/a.json", "runs/" + "x" * 1100, "", None]


@pytest.mark.parametrize("key", KEYS)
def test_a_mark_that_names_no_manifest_is_set_aside(store: Store, spooled: Path, key: str | None) -> None:
    names = [path.name for path in published_notes(spooled, "news")]
    (spooled / "telling.json").write_text(json.dumps({"manifest": key, "published": names}))
    assert len(unlisted(store, spooled, "news")) == 2
    assert (spooled / "telling.json.bad").exists()


@pytest.mark.parametrize("listed", [0, 1])
def test_a_mark_is_believed_for_what_its_manifest_lists(store: Store, spooled: Path, listed: int) -> None:
    notes = published_notes(spooled, "news")
    key = manifest.write(store, listing(*list(notes.values())[:listed]))
    names = [path.name for path in notes]
    (spooled / "telling.json").write_text(json.dumps({"manifest": key, "published": names}))
    assert list(unlisted(store, spooled, "news")) == list(notes)[listed:]
    assert not list(spooled.glob("telling.json*"))


@pytest.mark.parametrize("listed", [0, 1, 2])
def test_a_spool_that_is_an_older_copy_lists_nothing_again(store: Store, spooled: Path, listed: int) -> None:
    notes = published_notes(spooled, "news")
    manifest.write(store, attrs.evolve(listing(*list(notes.values())[:listed]), started_at=datetime.now(UTC)))
    assert list(unlisted(store, spooled, "news")) == list(notes)[listed:]
    assert list(published_notes(spooled, "news")) == list(notes)[listed:]


def test_a_note_that_is_too_large_is_not_read(store: Store, spooled: Path) -> None:
    note = next(iter(published_notes(spooled, "news")))
    with note.open("r+b") as file:
        file.truncate(80 << 20)
    with pytest.raises(ValueError, match="at most"):
        read_regular(note)
    assert len(unlisted(store, spooled, "news")) == 1


def damaged(store: Store, folder: Path, old: bytes, new: bytes) -> None:
    note = next(iter(published_notes(folder, "news")))
    data = note.read_bytes()
    note.write_bytes(data.replace(old, new, 1))
    assert note.read_bytes() != data


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"records": ', b'"records": 1'),
        (b"articles/1", b"articles/3"),
        (b'"size": ', b'"size": 1'),
        (b"warc/", b"warb/"),
    ],
)
def test_a_damaged_note_is_made_again_by_the_bucket(store: Store, spooled: Path, old: bytes, new: bytes) -> None:
    notes = published_notes(spooled, "news")
    damaged(store, spooled, old, new)
    assert unlisted(store, spooled, "news") == notes
    assert published_notes(spooled, "news") == notes


def test_a_note_of_an_earlier_release_is_read(store: Store, spooled: Path) -> None:
    notes = published_notes(spooled, "news")
    for path in notes:
        facts = json.loads(path.read_text())
        del facts["crc32"]
        path.write_text(json.dumps(facts))
    assert unlisted(store, spooled, "news") == notes
