"""A bucket that was written before the modules moved is continued, verified, exported, packaged and read again.

Commit 1205389 made it, the last whose code was in `apps/`: two crawls of 30 articles, of which one was updated, one
edited silently and one withdrawn between them, then `export`, `index` and `package`.
"""

import json
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pressmark.archive.s3.store import Store
from pressmark.cli.main import main
from pressmark.local.newsroom.http.server_thread import RunningNewsroom
from pressmark.local.newsroom.newsroom import Newsroom
from tests.released_bucket.odd_newsroom import HOST, ORIGIN, PORT
from tests.released_bucket.restored import restored
from tests.support.archive import SECTION, Archive

pytestmark = pytest.mark.slow
MADE_FROM_OTHERS = ("exports/", "index/", "wacz/")


def objects(store: Store, *prefixes: str) -> dict[str, bytes]:
    """Return all objects below these prefixes."""
    return {key: store.get(key) for prefix in prefixes or ("",) for key in store.keys(prefix)}


def members(package: bytes) -> dict[str, bytes]:
    """Return the files of a WACZ; of its description, all but who made it and when, and the digest of that."""
    with zipfile.ZipFile(BytesIO(package)) as opened:
        files = {name: opened.read(name) for name in opened.namelist() if name != "datapackage-digest.json"}
    description = json.loads(files["datapackage.json"])
    del description["created"], description["software"]
    description.pop("modified", None)
    return {**files, "datapackage.json": json.dumps(description).encode()}


def run(*arguments: str) -> str:
    done = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture
def archive(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    config = restored("1205389", bucket, tmp_path, monkeypatch)
    newsroom = Newsroom(articles=30, crawl_delay=0)
    newsroom.update(newsroom.article_id(20))
    newsroom.edit_silently(newsroom.article_id(21))
    newsroom.withdraw(newsroom.article_id(22))
    with RunningNewsroom(newsroom, host=HOST, port=PORT):
        yield Archive(newsroom, ORIGIN, config, Store.open(config))


def test_it_is_whole_and_reads_to_the_byte(archive: Archive) -> None:
    assert "2 runs: every object is there, whole" in run("verify", "newsroom", "--full")
    before = objects(archive.store)
    done = run("rederive", SECTION, "--write")
    assert done.startswith("32 documents read again, 32 byte for byte the same; 0 corrected versions published")
    assert objects(archive.store) == before


def test_what_is_made_of_it_is_the_same(archive: Archive) -> None:
    import pyarrow.parquet as pq

    store = archive.store
    before = objects(store, *MADE_FROM_OTHERS)
    for key in before:
        store.client.delete_object(Bucket=store.bucket, Key=key)
    for job in ("export", "index", "package"):
        run(job, "newsroom")
    after = objects(store, *MADE_FROM_OTHERS)
    assert after.keys() == before.keys()
    for key, data in after.items():
        if key.endswith(".parquet"):  # Other releases of pyarrow write other bytes.
            assert pq.read_table(BytesIO(data)).equals(pq.read_table(BytesIO(before[key])))
        elif key.endswith(".wacz"):
            assert members(data) == members(before[key])
        else:
            assert data == before[key], key


def test_it_is_continued(archive: Archive) -> None:
    before: dict[str, Any] = objects(archive.store)
    again = archive.crawl()
    assert again.exit_code == 0
    assert (again.counts["seen"], again.counts["not_modified"]) == (20, 20), "of its first page, which ends the crawl"
    after = objects(archive.store)
    assert {key: after[key] for key in before} == before
    assert "3 runs: every object is there, whole" in run("verify", "newsroom", "--full")
