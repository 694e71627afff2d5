"""Pages that are work without bounds: each has its outcome, harms no other, and no process grows or hangs on it."""

import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
from click.testing import CliRunner

from pressmark.cli.commands.rederive import rederive_command
from pressmark.jobs.audit.verify import verify_run
from pressmark.local.newsroom.http.pages import Pages
from tests.support.archive import SECTION, Archive, Crawl, archiving
from tests.support.bombs import BOMBS, STYLES
from tests.support.hostile_newsroom import Answer, hostile
from tests.support.process_tree import MostMemory, children, module

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(sys.platform != "linux", reason="limits memory and looks into processes as Linux does"),
]
MOST = 600_000_000
READER = "pressmark.extract.page_reader_process"


@attrs.frozen
class Hostile:
    """A newsroom that is archived, and what it answers for some paths."""

    archive: Archive
    answers: dict[str, Answer]

    def plant(self) -> dict[str, str]:
        """Put a bomb in the place of each of some articles that have one page; return the bomb by the article's id."""
        newsroom = self.archive.newsroom
        host = self.archive.url.removeprefix("http://")
        planted = {}
        numbers = iter(range(30))
        for name, bomb in BOMBS.items():
            while True:
                article_id = newsroom.article_id(next(numbers))
                story, html = Pages(newsroom).article(article_id, 1, host)
                if '<div id="Content">' in html and len(story.pages) == 1:
                    break
            assert bomb.made(html) != html.encode()
            self.answers[story.path] = Answer(bomb.made(html), bomb.content_type, gzipped=True)
            planted[article_id] = name
        return planted


@pytest.fixture
def site(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hostile]:
    with hostile(monkeypatch) as answers, archiving(tmp_path, monkeypatch) as archive:
        yield Hostile(archive, answers)


def fates(run: Crawl) -> dict[str, tuple[str, str | None]]:
    return {each["article_id"]: (each["outcome"], each.get("reason")) for each in run.manifest["articles"]}


def test_bombs_have_their_outcomes_and_harm_no_other(site: Hostile) -> None:
    planted = site.plant()
    for name, path in zip(STYLES, ("/css/common.css", "/css/article.css", "/css/print.css"), strict=True):
        site.answers[path] = Answer(STYLES[name].encode(), "text/css", gzipped=True)
    site.answers["/js/site.js"] = Answer(b'{"a": 1}', "application/json")
    with MostMemory() as memory:
        run = site.archive.crawl()
    assert (run.exit_code, run.manifest["ended"]) == (0, "complete"), run.error
    found = fates(run)
    assert {name: found[article_id] for article_id, name in planted.items()} == {
        name: bomb.outcome for name, bomb in BOMBS.items()
    }
    others = {article_id: fate for article_id, fate in found.items() if article_id not in planted}
    assert set(others.values()) <= {("published", None), ("rejected", "no-body")}
    assert run.manifest["requisites"]["unread"] == 1
    assert READER in memory.most
    assert max(memory.most.values()) < MOST, memory.most
    assert verify_run(site.archive.store, run.manifest_key or "") == []

    with MostMemory() as memory:
        done = CliRunner().invoke(rederive_command, [SECTION], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert f"{len(found)} documents read again, {len(found)} byte for byte the same" in done.output
    assert max(memory.most.values()) < MOST, memory.most


def test_a_killed_crawl_that_met_bombs_is_recovered(site: Hostile) -> None:
    planted = site.plant()
    site.archive.set_site(politeness={"delay": 0, "concurrency": 1, "timeout": 10})
    site.archive.killed(28)
    with MostMemory() as memory:
        run = site.archive.crawl()
    assert (run.exit_code, run.manifest["ended"]) == (0, "complete"), run.error
    assert run.manifest["recovered"]["published"] > 0
    found = fates(run)
    for article_id, name in planted.items():
        expected = BOMBS[name].outcome
        assert found[article_id] in {expected, ("unchanged", None) if expected[0] == "published" else expected}, name
    assert max(memory.most.values()) < MOST, memory.most


def test_a_crawl_whose_page_hangs_ends_within_seconds_when_it_is_stopped(site: Hostile) -> None:
    site.archive.set_site(politeness={"delay": 0.3, "concurrency": 1, "timeout": 10})
    process, result = site.archive.started(8)
    [reader] = [each for each in children(process) if module(each) == READER]
    reader.suspend()
    asked = site.archive.newsroom.requests.total
    while site.archive.newsroom.requests.total < asked + 2:  # The page before the second one is being read.
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    started = time.monotonic()
    run = site.archive.finish(process, result)
    assert time.monotonic() - started < 20
    assert (run.exit_code, run.manifest["ended"]) == (0, "interrupted")
    assert "interrupted" in {reason for _, reason in fates(run).values()}


def test_a_page_that_could_not_be_read_in_time_has_failed_and_is_asked_for_again(site: Hostile) -> None:
    site.archive.set_site(
        politeness={"delay": 0.3, "concurrency": 1, "timeout": 10}, bounds={"seconds": 3}, requisites={"number": 0}
    )
    process, result = site.archive.started(8)
    [reader] = [each for each in children(process) if module(each) == READER]
    reader.suspend()
    run = site.archive.finish(process, result)
    assert (run.exit_code, run.manifest["ended"]) == (0, "complete"), run.error
    failed = [article_id for article_id, fate in fates(run).items() if fate == ("failed", "reading-timeout")]
    assert len(failed) == 1
    assert not [key for key in site.archive.store.keys("rejected/") if failed[0] in key]
    again = site.archive.crawl()
    assert fates(again)[failed[0]] == ("published", None)
