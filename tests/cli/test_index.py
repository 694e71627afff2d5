"""The merged index of real crawls, compared with `cdxj-indexer`, and read as replay tools read it."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from click.testing import CliRunner, Result

from pressmark.archive.warc.response import response_of
from pressmark.cli.commands.readers.index import index
from pressmark.errors import FindingsFound, UsageError
from tests.support.archive import Archive


def pressmark_index(*words: str) -> Result:
    return CliRunner().invoke(index, ["newsroom", *words])


def merged(archive: Archive) -> bytes:
    [key] = [key for key in archive.store.keys("index/newsroom/") if key.endswith(".cdxj")]
    return archive.store.get(key)


def indexed(archive: Archive, folder: Path) -> bytes:
    """Return what `cdxj-indexer` makes of all segments, copied from the bucket, without lines of 304s."""
    for key in archive.store.keys("warc/"):
        if key.endswith(".gz"):
            folder.joinpath(key).parent.mkdir(parents=True, exist_ok=True)
            folder.joinpath(key).write_bytes(archive.store.get(key))
    asked = ["--sort", "--fields", "warc-record-id,warc-date", "--dir-root", ".", "."]
    tool = Path(sys.executable).parent / "cdxj-indexer"
    lines = subprocess.run([tool, *asked], cwd=folder, check=True, capture_output=True).stdout.splitlines(keepends=True)
    return b"".join(line for line in lines if b'"status": "304"' not in line)


def test_it_is_that_of_cdxj_indexer_and_leads_to_every_record(archive: Archive, tmp_path: Path) -> None:
    assert "nothing was captured yet" in pressmark_index().output
    archive.crawl()
    [first] = json.loads(pressmark_index("--json").stdout)
    assert (first["changed"], first["problems"]) == (True, [])
    assert merged(archive) == indexed(archive, tmp_path / "first")

    archive.newsroom.advance(timedelta(hours=1))
    archive.newsroom.publish()
    archive.crawl("--recheck")
    archive.crawl()
    [again] = json.loads(pressmark_index("--json").stdout)
    assert again["lines"] > first["lines"] > 30
    assert (again["added"], again["segments"]) == (again["segments"] - first["segments"], again["segments"])
    index = merged(archive)
    assert index == indexed(archive, tmp_path / "again")
    assert b'"mime": "warc/revisit"' in index

    for line in index.splitlines():
        facts = json.loads(line.split(b" ", 2)[2])
        if facts["mime"] != "warc/revisit":
            member = archive.store.get(facts["filename"], int(facts["offset"]), int(facts["length"]))
            assert response_of(member).url == facts["url"]

    [key] = [key for key in archive.store.keys("index/newsroom/") if key.endswith(".cdxj")]
    archive.store.client.delete_object(Bucket=archive.store.bucket, Key=key)
    assert "1 month checked, 1 written" in pressmark_index("--all").output
    assert merged(archive) == index
    assert "1 month checked, 0 written" in pressmark_index("--all").output


def test_an_index_that_is_none_is_reported(archive: Archive) -> None:
    archive.crawl()
    key = next(key for key in archive.store.keys("warc/") if key.endswith(".cdxj"))
    archive.store.put(key, b"by hand")
    done = pressmark_index()
    assert isinstance(done.exception, FindingsFound)
    assert f"{key}: b'by hand' is no line of its index" in str(done.exception)
    assert json.loads(pressmark_index("--json").stdout)[0]["problems"] != []


def test_an_unknown_site_is_reported(archive: Archive) -> None:
    done = CliRunner().invoke(index, ["mars"])
    assert isinstance(done.exception, UsageError)
    assert "newsroom" in str(done.exception)
