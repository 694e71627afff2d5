"""`pressmark recover`: publishes what a killed crawl left, without another crawl."""

import json
from pathlib import Path

import pytest

from pressmark.archive.s3.store import Stored
from pressmark.archive.spool.batch import Published
from tests.cli.test_cli import pressmark
from tests.support.archive import SECTION, Archive

pytestmark = pytest.mark.long


def test_what_was_captured_is_published_and_reported_by_the_next_run(archive: Archive) -> None:
    archive.set_site(politeness={"delay": 0.1, "concurrency": 1, "timeout": 10})
    archive.killed(12)
    assert archive.documents() == {}
    done = pressmark("recover")
    assert done.returncode == 0, done.stderr
    assert "newsroom-" in done.stdout
    documents = archive.documents()
    assert len(documents) >= 5
    assert "in no manifest" in pressmark("verify", "newsroom").stdout
    assert pressmark("recover").stdout.startswith("nothing waits in")

    archive.set_site()
    run = archive.crawl()
    assert run.manifest["recovered"]["published"] == len(documents)
    assert archive.documents().keys() >= documents.keys()
    assert pressmark("verify", "newsroom", "--full").stdout.startswith("1 run: every object")


def test_what_another_worker_held_is_taken_over(archive: Archive, tmp_path: Path) -> None:
    archive.set_site(politeness={"delay": 0.1, "concurrency": 1, "timeout": 10})
    archive.killed(12)
    lost, own = archive.config.spool, tmp_path / "own"
    done = pressmark("recover", "--of", str(lost), PRESSMARK_SPOOL=str(own))
    assert done.returncode == 0, done.stderr
    assert not list(lost.rglob("newsroom-*"))
    documents = archive.documents()
    assert len(documents) >= 5

    archive.set_site()
    run = archive.crawl(PRESSMARK_SPOOL=str(own))
    assert run.manifest["recovered"]["published"] == len(documents)
    assert pressmark("verify", "newsroom", "--full").stdout.startswith("1 run: every object")
    again = pressmark("recover", "--of", str(lost), PRESSMARK_SPOOL=str(own))
    assert again.stdout.startswith("nothing waits in")


def test_what_a_manifest_lists_is_not_listed_again(archive: Archive, tmp_path: Path) -> None:
    """A worker died after its manifest, before it deleted the notes that the manifest covers."""
    first = archive.crawl()
    assert first.manifest_key
    [segment] = first.manifest["segments"]
    stored = [
        Stored(**{name: each[name] for name in ("key", "size", "sha256")}) for each in (segment, segment["index"])
    ]
    lost = archive.config.spool
    published = Published(segment=stored[0], records=segment["records"], index=stored[1], objects=())
    published.save(lost / "newsroom")
    [note] = (lost / "newsroom").glob("*.published.json")
    mark = {"manifest": first.manifest_key, "published": [note.name]}
    (lost / "newsroom" / "telling.json").write_text(json.dumps(mark))
    own = tmp_path / "own"
    assert pressmark("recover", "--of", str(lost), PRESSMARK_SPOOL=str(own)).returncode == 0
    again = archive.crawl(PRESSMARK_SPOOL=str(own))
    assert segment["key"] not in {each["key"] for each in again.manifest["segments"]}


def test_a_worker_that_crawls_keeps_what_it_has(archive: Archive, tmp_path: Path) -> None:
    archive.set_site(politeness={"delay": 3, "concurrency": 1, "timeout": 10})
    process, reader = archive.started(5)
    done = pressmark("recover", "--of", str(archive.config.spool), PRESSMARK_SPOOL=str(tmp_path / "own"))
    assert done.returncode == 6
    assert "is running" in done.stderr
    assert list(archive.config.spool.rglob("newsroom-*.open"))
    process.terminate()
    assert archive.finish(process, reader).manifest["ended"] == "interrupted"


def test_a_crawl_that_goes_on_is_left_alone(archive: Archive) -> None:
    archive.set_site(politeness={"delay": 3, "concurrency": 1, "timeout": 10})
    process, reader = archive.started(5)
    done = pressmark("recover", "newsroom")
    assert done.returncode == 6
    assert "is running" in done.stderr
    process.terminate()
    assert archive.finish(process, reader).manifest["ended"] == "interrupted"
    assert pressmark("recover", SECTION).returncode == 2


def test_what_waits_of_a_site_that_no_file_has_is_reported(archive: Archive) -> None:
    """It was renamed: nobody publishes it under its old name."""
    left = archive.config.spool / "renamed"
    left.mkdir(parents=True)
    (left / "renamed-20260101000000000-run1-00001.warc.gz.open").write_bytes(b"x")
    done = pressmark("recover")
    assert done.returncode == 5
    assert f"{left}: 1 file left, and no site file has a site 'renamed'" in done.stderr
