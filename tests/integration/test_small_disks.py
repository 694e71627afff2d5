# ruff: noqa: F811 - fixtures of another module are used by their names.
"""Disks without room, without inodes, and read-only ones: the spool drains as far as it can, and says what it needs."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import pytest

from pressmark.archive.publish.manifest_commit import unlisted
from pressmark.archive.spool.batch import Published
from pressmark.archive.spool.spool_files import spool_files
from pressmark.errors import SpoolError
from pressmark.file_system import check_reserve, free_space
from tests.support.archive import READABLE, Archive
from tests.support.spooled import Spooled, left, spooled, whole  # noqa: F401 - fixtures

pytestmark = pytest.mark.long


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[Path]:
    """A small file system in memory; the test is skipped where nobody may mount one."""
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"a small file system can't be mounted here: {done.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder: Path) -> None:
    """Leave not a byte."""
    with (folder / "ballast").open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            while True:
                try:
                    file.write(bytes(size))
                except OSError:
                    break


def use_up_inodes(folder: Path) -> None:
    """Leave no inode."""
    (folder / "many").mkdir()
    number = 0
    while True:
        try:
            (folder / "many" / str(number)).touch()
        except OSError:
            return
        number += 1


def on(spooled: Spooled, disk: Path) -> Spooled:
    """Move the spool to another disk."""
    shutil.copytree(spooled.config.spool, disk / "spool")
    return attrs.evolve(spooled, config=attrs.evolve(spooled.config, spool=disk / "spool"))


@pytest.mark.parametrize("use_up", [fill, use_up_inodes])
def test_a_spool_on_a_full_disk_drains_itself(
    spooled: Spooled, whole: set[str], tmp_path: Path, use_up: Callable[[Path], None]
) -> None:
    with mounted(tmp_path / "disk", "size=4m,nr_inodes=200") as disk:
        moved = on(spooled, disk)
        use_up(disk)
        assert len(moved.recover()) >= 5
        assert moved.published_records().keys() == whole
        assert moved.versions()
        assert spool_files(moved.folder, "newsroom").waiting == 0
        notes = unlisted(moved.store, moved.folder, "newsroom")
        assert {each.segment.key for each in notes.values()} == {
            key for key in moved.store.keys("warc/") if key.endswith(".gz")
        }
        assert {stored.key for each in notes.values() for stored in each.objects} >= moved.versions()


@pytest.mark.parametrize("steps", range(4))
def test_a_note_that_was_cut_off_on_a_full_disk_is_made_again(
    spooled: Spooled, whole: set[str], tmp_path: Path, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the segment was renamed, after it was emptied, in the middle of the note, and before its rename."""

    class Killed(BaseException):
        pass

    def save(published: Published, folder: Path) -> None:
        raise OSError(28, "No space left on device")

    def cut_off(published: Published, place: Path) -> None:
        if steps:
            with place.open("r+b") as file:
                file.truncate()
                file.write(b"" if steps == 1 else b'{"segment": {"key"' if steps == 2 else b"")
        if steps == 3:
            place.write_text(json.dumps(attrs.asdict(published)))
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Published, "save", save)
        patched.setattr(Published, "write_over", cut_off)
        with pytest.raises(Killed):
            spooled.recover()
    assert list(spooled.folder.glob("*.uploaded"))
    spooled.recover()
    assert spooled.published_records().keys() == whole
    assert spooled.is_clean()
    notes = unlisted(spooled.store, spooled.folder, "newsroom")
    assert {stored.key for each in notes.values() for stored in each.objects} >= spooled.versions()
    for each in notes.values():
        assert spooled.store.get(each.index.key)
        assert len(spooled.store.get(each.segment.key)) == each.segment.size


def test_a_read_only_disk_is_named_and_nothing_is_uploaded(spooled: Spooled, whole: set[str], tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "size=4m") as disk:
        moved = on(spooled, disk)
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        with pytest.raises(SpoolError, match=rf"{disk} is read-only"):
            moved.recover()
        assert list(moved.store.keys("")) == []
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
        moved.recover()
        assert moved.published_records().keys() == whole


def test_a_salvage_without_room_waits_and_the_rest_drains(spooled: Spooled, tmp_path: Path, whole: set[str]) -> None:
    last = spooled.segments()[-1]
    data = bytearray(last.read_bytes())
    data[len(data) // 2] ^= 1
    last.write_bytes(data)
    with mounted(tmp_path / "disk", "size=4m") as disk:
        moved = on(spooled, disk)
        fill(disk)
        moved.recover()
        assert len(whole - moved.published_records().keys()) == 1
        assert list(moved.set_aside()) == [last.name]


def test_a_crawl_does_not_start_below_its_reserve_but_what_waits_is_published(archive: Archive, tmp_path: Path) -> None:
    archive.killed(12)
    wanted = free_space(archive.config.spool).free + (1 << 40)
    refused = archive.crawl(PRESSMARK_SPOOL_RESERVE=str(wanted))
    assert refused.exit_code == 5
    assert refused.error is not None
    message = refused.error["message"]
    assert "PRESSMARK_SPOOL_RESERVE" in message
    assert str(free_space(archive.config.spool).mount) in message
    assert archive.documents(), "what waited is published"
    assert archive.crawl().manifest["ended"] == "complete"
    assert len(archive.documents()) == READABLE


def test_the_reserve_counts_bytes_and_inodes(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "size=1m,nr_inodes=100") as disk:
        check_reserve(disk / "spool" / "not-there-yet", 500_000)
        with pytest.raises(SpoolError, match=rf"{disk} has .* free.*2.0 MB"):
            check_reserve(disk, 2_000_000)
        for number in range(60):
            (disk / str(number)).touch()
        with pytest.raises(SpoolError, match=r"room for 3. files; .* room for 64 files"):
            check_reserve(disk, 0)
        assert os.statvfs(disk).f_favail < 64


def test_a_disk_that_fills_during_a_crawl_ends_it_and_drains_without_a_hand(archive: Archive, tmp_path: Path) -> None:
    # At a pace at which pages are read as they come, also on a busy machine.
    archive.set_site(politeness={"delay": 0.1, "concurrency": 1, "timeout": 10})
    with mounted(tmp_path / "disk", "size=200k") as disk:
        run = archive.crawl(PRESSMARK_SPOOL=str(disk / "spool"), PRESSMARK_SPOOL_RESERVE="0")
        assert run.exit_code == 5
        assert run.error is not None
        assert str(disk) in run.error["message"]
        assert "free" in run.error["message"]
        assert 0 < len(archive.documents()) < READABLE
        subprocess.run(["mount", "-o", "remount,size=20m", disk], check=True)
        after = archive.crawl(PRESSMARK_SPOOL=str(disk / "spool"), PRESSMARK_SPOOL_RESERVE="0")
        assert after.manifest["ended"] == "complete"
        assert len(archive.documents()) == READABLE
        assert list((disk / "spool" / "newsroom").iterdir()) == []
