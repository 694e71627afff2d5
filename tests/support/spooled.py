"""The spool of a killed crawl, and ways to damage it."""

import gzip
import json
import os
import shutil
import signal
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import attrs
import psutil
import pytest

from pressmark.archive.s3.store import Store
from pressmark.archive.spool.set_aside import all_set_aside
from pressmark.archive.spool.spool_files import spool_files
from pressmark.config import Config
from pressmark.crawl.recover import recover_and_publish
from pressmark.local.s3server import RunningS3
from pressmark.sites.site import Site
from pressmark.sites.site_files import load_sites
from tests.conftest import fresh_bucket
from tests.integration.test_killed import records
from tests.support.archive import archiving
from tests.support.s3_proxy import Fault, of, proxied


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """What a crawl left that could not upload and was killed: sealed segments, an open one, their drafts; the sites."""
    folder = tmp_path_factory.mktemp("left")
    with pytest.MonkeyPatch.context() as monkeypatch, RunningS3(folder / "s3", bucket="mine") as server:
        with proxied(server.endpoint) as proxy:
            proxy.rule = lambda request: Fault(read=0) if of("PUT", "^/mine/warc/")(request) else None
            for name, value in {**server.environment, "AWS_ENDPOINT_URL_S3": proxy.endpoint}.items():
                monkeypatch.setenv(name, value)
            left_by_crawl(folder, monkeypatch)
        yield folder / "spool", folder / "sites"


def left_by_crawl(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kill a crawl once it has left what is wanted."""
    with archiving(folder, monkeypatch) as archive:
        few = {"number": 0, "size": 0}
        archive.set_site(politeness={"delay": 0.2, "concurrency": 1, "timeout": 10}, requisites=few)
        process, reader = archive.start(PRESSMARK_SEGMENT_BYTES="20000", PRESSMARK_PATIENCE="600")
        spool = folder / "spool" / "newsroom"
        while True:
            while len(list(spool.glob("*.warc.gz"))) < 4 or not is_under_way(spool):
                assert process.poll() is None
                time.sleep(0.01)  # The newsroom is a thread of this process.
            crawl = [*psutil.Process(process.pid).children(), psutil.Process(process.pid)]
            signalled(crawl, signal.SIGSTOP)
            if is_under_way(spool):
                break
            signalled(crawl, signal.SIGCONT)
        signalled(crawl, signal.SIGKILL)
        process.communicate()
        os.close(reader)


def is_under_way(spool: Path) -> bool:
    """Return whether some exchanges are in a segment that is not sealed."""
    with suppress(FileNotFoundError):
        return any(len(list(records(path.read_bytes()))) > 5 for path in spool.glob("*.open"))
    return False


def signalled(crawl: list[psutil.Process], number: signal.Signals) -> None:
    """Send a signal to all processes of a crawl; a page reader may have ended by itself."""
    for each in crawl:
        with suppress(psutil.NoSuchProcess):
            each.send_signal(number)


@attrs.frozen
class Spooled:
    """A copy of that spool, and a bucket of its own to recover it into."""

    config: Config
    store: Store
    site: Site

    @property
    def folder(self) -> Path:
        return self.config.spool / "newsroom"

    def segments(self) -> list[Path]:
        return sorted(self.folder.glob("*.warc.gz"))

    def drafts(self, segment: Path) -> Path:
        return segment.with_name(segment.name + ".drafts.jsonl")

    def recover(self) -> list[str]:
        return [each.segment for each in recover_and_publish(self.config, self.store, self.site)]

    def published_records(self) -> Counter[str]:
        keys = [key for key in self.store.keys("warc/") if key.endswith(".warc.gz")]
        return Counter(record_id for key in keys for record_id in records(self.store.get(key)))

    def versions(self) -> set[str]:
        return set(self.store.keys("articles/"))

    def set_aside(self) -> dict[str, str]:
        return {note.original: note.reason for note in all_set_aside(self.folder, "newsroom")}

    def is_clean(self) -> bool:
        """Return whether nothing waits, every pointer of a document is valid, and another recovery writes nothing."""
        for key in self.store.keys(""):
            if key.startswith(("articles/", "rejected/")):
                for capture in json.loads(self.store.get(key))["pressmark"]["captures"]:
                    member = self.store.get(capture["warc"], capture["offset"], capture["length"])
                    assert f"<{capture['recordId']}>".encode() in gzip.decompress(member)
        before = dict(self.store.etags(""))
        assert self.recover() == []
        assert dict(self.store.etags("")) == before
        assert max(self.published_records().values()) == 1
        return spool_files(self.folder, "newsroom").waiting == 0


@pytest.fixture
def spooled(
    left: tuple[Path, Path], s3: RunningS3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Spooled]:
    fresh_bucket(s3, monkeypatch)
    shutil.copytree(left[0], tmp_path / "spool")
    monkeypatch.setenv("PRESSMARK_SPOOL", str(tmp_path / "spool"))
    monkeypatch.setenv("PRESSMARK_SITES", str(left[1]))
    config = Config.from_env(os.environ)
    return Spooled(config, Store.open(config), load_sites(config.sites)["newsroom"])


@pytest.fixture
def whole(spooled: Spooled) -> set[str]:
    """Ids of the records that are whole on the disk before anything is damaged."""
    paths = [*spooled.segments(), *spooled.folder.glob("*.open")]
    return {record_id for path in paths for record_id in records(path.read_bytes())}


def members(data: bytes) -> list[tuple[int, int]]:
    """Offset and length of each gzip member, found without any code of Pressmark's."""
    found, offset = [], 0
    while offset < len(data):
        member = zlib.decompressobj(zlib.MAX_WBITS | 16)
        member.decompress(data[offset:])
        assert member.eof
        length = len(data) - offset - len(member.unused_data)
        found.append((offset, length))
        offset += length
    return found


def flip(data: bytearray, offset: int, length: int) -> None:
    data[offset + length // 2] ^= 8


def hole(data: bytearray, offset: int, length: int) -> None:
    data[offset : offset + length] = bytes(length)


def head(data: bytearray, offset: int, length: int) -> None:
    data[offset] ^= 1


def stray_copy(spooled: Spooled) -> str:
    shutil.copy(spooled.segments()[0], spooled.folder / "copy.warc.gz")
    return "copy.warc.gz"
