"""`pressmark recover`: what a killed crawl left gets to the bucket without another crawl."""

import pytest

from tests.apps.conftest import SECTION, Archive
from tests.apps.test_cli import pressmark

pytestmark = pytest.mark.long


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


def test_a_crawl_that_goes_on_is_left_alone(archive: Archive) -> None:
    archive.set_site(politeness={"delay": 3, "concurrency": 1, "timeout": 10})
    process, reader = archive.started(5)
    done = pressmark("recover", "newsroom")
    assert done.returncode == 6
    assert "goes on" in done.stderr
    process.terminate()
    assert archive.finish(process, reader).manifest["ended"] == "interrupted"
    assert pressmark("recover", SECTION).returncode == 2
