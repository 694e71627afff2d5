"""A power cut at any moment: parts of the unsynced data are lost, and recovery publishes everything that remains.

The method is that of ALICE (Pillai et al., "All File Systems Are Not Created Equal", OSDI 2014): the test records the
syncs, renames, creations and deletions of a real run, and rebuilds each possible state of the disk after a cut. Files
of a spool only grow at their end. So a state has, for each file, any prefix between the synced and the written data, or
zeros instead of the rest, and any prefix of the changes of the folder since its last sync.
"""

import gzip
import json
import os
import random
import threading
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from pressmark.archive.publish.repair import Recovery
from pressmark.archive.s3.store import Store
from pressmark.archive.spool.salvage import read_records
from pressmark.archive.spool.set_aside import all_set_aside
from pressmark.archive.spool.spool import Spool
from pressmark.archive.spool.spool_files import OPEN
from pressmark.archive.spool.syncing import Syncer
from tests.support.samples import exchange, staged

if TYPE_CHECKING:
    from pressmark.archive.spool.batch import Batch

STATES = 60


@attrs.define
class Disk:
    """The files after a power cut at each moment of a run."""

    folder: Path
    changes: list[tuple[str, Path, Path | None]] = attrs.field(factory=list)
    """Changes of the folder since its last sync."""
    names: dict[str, int] = attrs.field(factory=dict)
    """Inode of each name, as it is durable."""
    synced: dict[int, int] = attrs.field(factory=dict)
    """Durable bytes of each inode."""
    data: dict[int, bytes] = attrs.field(factory=dict)
    nameless: int = 0
    """Files that were synced while a cut might still lose their names."""
    moments: list[Callable[[random.Random], dict[str, bytes]]] = attrs.field(factory=list)

    def watch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Record what this process does to the folder."""
        for name in ("fsync", "fdatasync"):
            monkeypatch.setattr(os, name, self._syncing(getattr(os, name)))
        rename, unlink = Path.rename, Path.unlink

        def renaming(path: Path, target: Path) -> Path:
            self.look()
            self.changes.append(("rename", path, target))
            return rename(path, target)

        def unlinking(path: Path, missing_ok: bool = False) -> None:
            self.look()
            self.changes.append(("unlink", path, None))
            unlink(path, missing_ok)

        monkeypatch.setattr(Path, "rename", renaming)
        monkeypatch.setattr(Path, "unlink", unlinking)

    def look(self) -> None:
        """Record the written data; the power may fail at this moment."""
        known = {path for kind, path, _ in self.changes if kind == "create"}
        for path in sorted(self.folder.iterdir()):
            inode = path.stat().st_ino
            self.data[inode] = path.read_bytes()
            durable = inode in self.names.values()
            if not durable and path not in known and not any(target == path for _, _, target in self.changes):
                self.changes.append(("create", path, None))
        self.moments.append(self._state())

    def _syncing(self, sync: Callable[[int], None]) -> Callable[[int], None]:
        def syncing(descriptor: int) -> None:
            self.look()
            sync(descriptor)
            if Path(f"/proc/self/fd/{descriptor}").readlink() == self.folder:
                self.names = {path.name: path.stat().st_ino for path in self.folder.iterdir()}
                self.changes.clear()
            else:
                status = os.fstat(descriptor)
                if status.st_ino not in self.names.values():
                    self.nameless += 1
                self.synced[status.st_ino] = status.st_size
            self.look()

        return syncing

    def _state(self) -> Callable[[random.Random], dict[str, bytes]]:
        names, changes, synced, data = dict(self.names), list(self.changes), dict(self.synced), dict(self.data)
        inodes = {path.name: path.stat().st_ino for path in self.folder.iterdir()}

        def cut(choose: random.Random) -> dict[str, bytes]:
            there = dict(names)
            for kind, path, target in changes[: choose.randint(0, len(changes))]:
                if kind == "create" and path.name in inodes:
                    there[path.name] = inodes[path.name]
                elif kind == "rename" and path.name in there and target:
                    there[target.name] = there.pop(path.name)
                elif kind == "unlink":
                    there.pop(path.name, None)
            return {name: _cut(data[inode], synced.get(inode, 0), choose) for name, inode in there.items()}

        return cut


def _cut(data: bytes, synced: int, choose: random.Random) -> bytes:
    kept = choose.choice([synced, len(data), choose.randint(synced, max(synced, len(data)))])
    tail = len(data) - kept
    return data[:kept] + (bytes(choose.randint(0, tail)) if choose.random() < 0.3 else b"")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Disk:
    """A run of three segments that are not published."""
    folder = tmp_path / "spool"
    folder.mkdir()
    disk = Disk(folder)
    handed: list[Batch] = []
    with monkeypatch.context() as patched:
        disk.watch(patched)
        spool = Spool(
            folder,
            "news",
            "run1",
            {"software": "test"},
            handed.append,
            segment_bytes=12_000,
            sync_bytes=3_000,
            sync_seconds=60,
        )
        noise = random.Random(1)
        for number in range(1, 13):
            capture = spool.record(exchange(number, noise.randbytes(1500)))
            disk.look()
            draft = staged(f"articles/news/2022/02/18/{number}.json")
            spool.stage(draft, [capture], version="v1")
            disk.look()
        spool.close()
        disk.look()
    assert len(handed) > 2
    assert disk.nameless == 0
    return disk


def durable_records(disk: Disk, moment: int, tmp_path: Path) -> set[str]:
    """Ids of the records that a cut at this moment can't lose."""

    class Least(random.Random):
        def choice(self, seq: Any) -> Any:
            return seq[0]

        def random(self) -> float:
            return 1.0

        def randint(self, a: int, b: int) -> int:
            return a

    ids: set[str] = set()
    for name, data in disk.moments[moment](Least()).items():
        if name.removesuffix(OPEN).endswith(".warc.gz"):
            path = tmp_path / "least"
            path.write_bytes(data)
            ids |= {each.record_id for each in read_records(path).records if not each.is_warcinfo}
    return ids


@pytest.mark.slow
def test_what_was_synced_is_published_and_nothing_points_into_nothing(run: Disk, store: Store, tmp_path: Path) -> None:
    choose = random.Random(os.environ.get("PRESSMARK_SEED", "1"))
    moments = sorted(choose.sample(range(len(run.moments)), min(STATES, len(run.moments))))
    assert len(moments) > 30
    durable_somewhere = 0
    for number, moment in enumerate(moments):
        site = f"cut{number}"
        folder = tmp_path / site
        folder.mkdir()
        state = run.moments[moment](choose)
        for name, data in state.items():
            # A new name for each state, so that one bucket can store all of them.
            (folder / name.replace("news-", f"{site}-", 1)).write_bytes(
                data.replace(b"/news/", f"/{site}/".encode()).replace(b"/news-", f"/{site}-".encode())
                if name.endswith(".jsonl")
                else data
            )
        if any(name.endswith(".jsonl") for name in state):
            _repair_sums(folder)
        done = Recovery(store, folder, site, lambda segments, known: []).run()
        assert Recovery(store, folder, site, lambda segments, known: []).run() == []
        found: set[str] = set()
        for key in store.keys(f"warc/{site}/"):
            if key.endswith(".warc.gz"):
                path = tmp_path / "found"
                path.write_bytes(store.get(key))
                reading = read_records(path)
                assert reading.is_whole
                found |= {each.record_id for each in reading.records}
        durable = durable_records(run, moment, tmp_path)
        durable_somewhere += bool(durable)
        assert durable <= found, (moment, [each.segment for each in done], all_set_aside(folder, site))
    assert durable_somewhere > 20
    for key in store.keys("articles/"):
        for capture in json.loads(store.get(key))["pressmark"]["captures"]:
            member = store.get(capture["warc"], capture["offset"], capture["length"])
            assert f"<{capture['recordId']}>".encode() in gzip.decompress(member)


def _repair_sums(folder: Path) -> None:
    """Recompute the checksums of whole lines after a change of their site."""
    for path in folder.glob("*.jsonl"):
        lines = []
        for line in path.read_bytes().splitlines(keepends=True):
            text, tab, end = line.rpartition(b"\t")
            lines.append(text + tab + f"{zlib.crc32(text):08x}\n".encode() if tab and end.endswith(b"\n") else line)
        path.write_bytes(b"".join(lines))


def test_a_sync_begins_by_bytes_and_by_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    fdatasync = os.fdatasync

    def syncing(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().suffix)
        fdatasync(descriptor)

    monkeypatch.setattr(os, "fdatasync", syncing)
    handed: list[Batch] = []
    spool = Spool(tmp_path, "news", "run1", {}, handed.append, sync_bytes=1 << 30, sync_seconds=0.05)
    spool.record(exchange(1))
    while len(synced) < 2:
        os.sched_yield()
    assert synced[:2] == [".open", ".jsonl"], "the captures before what points to them"
    spool.close()
    synced.clear()
    spool = Spool(tmp_path, "news", "run2", {}, handed.append, sync_bytes=1000, sync_seconds=1000)
    spool.record(exchange(1, os.urandom(2000)))
    while len(synced) < 2:
        os.sched_yield()
    spool.close()


def test_a_slow_disk_holds_the_writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the loss is limited even if a sync is slow."""
    going_on, may_end = threading.Event(), threading.Event()

    def slow(descriptor: int) -> None:
        going_on.set()
        may_end.wait()

    monkeypatch.setattr(os, "fdatasync", slow)
    syncer = Syncer(sync_bytes=10, sync_seconds=1000)
    syncer.watch(0)
    syncer.wrote(10)
    going_on.wait()
    syncer.wrote(29)
    writing = threading.Thread(target=syncer.wrote, args=(1,))
    writing.start()
    writing.join(0.2)
    assert writing.is_alive()
    may_end.set()
    writing.join(10)
    assert not writing.is_alive()
    syncer.close()


def test_a_sync_that_fails_raises_in_the_writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fdatasync", broken)
    syncer = Syncer(sync_bytes=1, sync_seconds=1000)
    syncer.watch(0)
    syncer.wrote(1)
    while not syncer._failure:
        os.sched_yield()
    with pytest.raises(OSError, match="Input/output error"):
        syncer.wrote(0)
    syncer.close()
