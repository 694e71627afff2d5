"""`pressmark recover`: what a killed crawl left gets to the bucket without another crawl."""

from pressmark.archive.batch import Published
from pressmark.archive.store import Stored
from tests.apps.conftest import SECTION, Archive
from tests.apps.test_cli import pressmark


def test_what_was_captured_is_published_and_told_by_the_next_run(archive: Archive) -> None:
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
    assert pressmark("verify", "newsroom", "--full").stdout.startswith("1 runs: every object")


def test_what_a_manifest_tells_is_not_told_again(archive: Archive) -> None:
    """A crawl that is killed just behind its manifest still has on its disk what it published."""
    first = archive.crawl()
    [segment] = first.manifest["segments"]
    stored = Stored(segment["key"], segment["size"], segment["sha256"])
    published = Published(segment=stored, records=segment["records"], index=Stored(**segment["index"]), objects=())
    published.keep(archive.config.spool / "newsroom")
    second = archive.crawl()
    assert second.manifest["recovered"] == {"segments": 0, "published": 0, "bytes_cut": 0}
    assert segment["key"] not in {said["key"] for said in second.manifest["segments"]}
    assert list((archive.config.spool / "newsroom").iterdir()) == []
    assert len(list(archive.store.keys("runs/"))) == 6, "of each: that it began, what it visited, and its manifest"


def test_a_crawl_that_goes_on_is_left_alone(archive: Archive) -> None:
    archive.set_site(politeness={"delay": 3, "concurrency": 1, "timeout": 10})
    process, reader = archive.started(5)
    done = pressmark("recover", "newsroom")
    assert done.returncode == 6
    assert "goes on" in done.stderr
    process.terminate()
    assert archive.finish(process, reader).manifest["ended"] == "interrupted"
    assert pressmark("recover", SECTION).returncode == 2
