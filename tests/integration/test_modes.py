"""What a program keeps on the disk is its owner's alone, whatever the umask; or of a group that shares the spool."""

import gzip
import os
import stat
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from pressmark.airflow.alerts.sent_state import FileState
from pressmark.archive.s3 import conditional_write
from pressmark.archive.s3.store import GZIP, TEXT, Store
from pressmark.config import Config
from pressmark.errors import UsageError
from pressmark.jobs.monthly_index import Merger
from pressmark.local.s3server import RunningS3
from pressmark.model import keys
from pressmark.web.reading_room.search.catalogue import Catalogue
from pressmark.web.replay.local_indexes import LocalIndexes
from tests.support.archive import Archive

DAY = date(2022, 2, 18)


@pytest.fixture(params=[0o000, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    """Mode of each file and folder below a folder."""
    return {str(path.relative_to(folder)): oct(stat.S_IMODE(path.lstat().st_mode)) for path in folder.rglob("*")}


@pytest.mark.slow
@pytest.mark.parametrize(("mode", "file", "folder"), [("private", 0o600, 0o700), ("group", 0o660, 0o2770)])
def test_a_spool_is_for_its_owner_or_its_group(
    archive: Archive, umask: int, mode: str, file: int, folder: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRESSMARK_SPOOL_MODE", mode)
    archive.set_site(politeness={"delay": 0.05, "concurrency": 1, "timeout": 10})
    archive.killed(8)
    spool = archive.config.spool
    found = modes(spool)
    assert {name.rpartition(".")[2] for name in found} >= {"newsroom", "open", "jsonl", "lock"}
    wanted = {name: oct(folder if (spool / name).is_dir() else file) for name in found}
    assert found == wanted
    assert stat.S_IMODE(spool.stat().st_mode) == folder


def test_a_folder_of_before_is_closed_and_one_that_a_user_named_is_not(archive: Archive, umask: int) -> None:
    site = archive.config.spool / "newsroom"
    site.mkdir(parents=True)
    site.chmod(0o755)
    archive.config.spool.chmod(0o755)
    archive.killed(3)
    assert stat.S_IMODE(site.stat().st_mode) == 0o700
    assert stat.S_IMODE(archive.config.spool.stat().st_mode) == 0o755


def test_the_s3_servers_files_and_notes_of_alarms_are_closed(tmp_path: Path, umask: int) -> None:
    with RunningS3(tmp_path / "s3"):
        pass
    FileState(tmp_path / "spool" / ".alarms" / "dag.json").write({})
    found = modes(tmp_path)
    assert {"s3/s3.env", "s3/data", "spool/.alarms/dag.json"} <= found.keys()
    for name, mode in found.items():
        if not name.startswith("s3/data/"):  # What SeaweedFS makes there has a mode of its own, in a closed folder.
            assert int(mode, 8) & 0o077 == 0, name


def test_caches_are_closed(bucket: str, tmp_path: Path, umask: int) -> None:
    store = Store.open(Config(bucket=bucket, spool=tmp_path / "spool"))
    store.put(keys.export_lines("news", DAY), gzip.compress(b""), GZIP)
    store.put(keys.index("news", "2022-02"), b"", TEXT)
    catalogue = Catalogue(tmp_path / "rooms" / "mine.sqlite")
    catalogue.refresh(store, ["news"])
    LocalIndexes(store, tmp_path / "replay" / "collections").sync()
    with catalogue.reading():
        found = modes(tmp_path)
    assert found.pop("replay/collections/news/indexes") == "0o700"
    folders = {"rooms", "replay", "replay/collections", "replay/collections/news"}
    assert {found.pop(name) for name in folders} == {"0o700"}
    assert {name.partition("/")[2] for name in found} == {
        *("mine.sqlite", "mine.sqlite-shm", "mine.sqlite-wal"),
        *("collections.json", "collections/news/indexes/2022-02.cdxj"),
    }
    assert set(found.values()) == {"0o600"}


def test_a_catalogue_of_before_is_closed_and_the_folder_that_a_user_named_is_not(tmp_path: Path, umask: int) -> None:
    tmp_path.chmod(0o755)
    Catalogue(tmp_path / "mine.sqlite")
    (tmp_path / "mine.sqlite").chmod(0o644)
    with Catalogue(tmp_path / "mine.sqlite").reading():
        assert set(modes(tmp_path).values()) == {"0o600"}
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_what_merging_an_index_takes_on_the_disk_is_closed(
    bucket: str, tmp_path: Path, umask: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Airflow's workers have a umask of their own."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    store = Store.open(Config(bucket=bucket, spool=tmp_path / "spool"))
    found: list[dict[str, str]] = []
    put_if_unchanged = conditional_write.put_if_unchanged
    monkeypatch.setattr(
        conditional_write, "put_if_unchanged", lambda *rest: found.append(modes(tmp_path)) or put_if_unchanged(*rest)
    )
    store.put("warc/news/2022/02/18/news-1.cdxj", b"", TEXT)
    assert [each.changed for each in Merger(store, "news").months()] == [True]
    [work] = found
    assert sorted(work.values()) == ["0o600", "0o600", "0o700"]


def test_a_mode_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="PRESSMARK_SPOOL_MODE"):
        Config.from_env({"PRESSMARK_SPOOL_MODE": "0777"})
