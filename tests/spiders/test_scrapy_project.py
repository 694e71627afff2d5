"""Scrapy's own tools in the checkout: they read what a crawl reads, and store nothing."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pressmark.local.newsroom.http.server_thread import RunningNewsroom
from pressmark.local.newsroom.newsroom import Newsroom
from pressmark.local.newsroom.site_file import write_site_file
from tests.conftest import ROOT

pytestmark = pytest.mark.slow
SCRAPY = Path(sys.executable).with_name("scrapy")


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningNewsroom, Path]]:
    with RunningNewsroom(Newsroom(articles=30, crawl_delay=0)) as running:
        yield running, write_site_file(tmp_path_factory.mktemp("sites"), running.url)


def scrapy(sites: Path, *arguments: str) -> str:
    done = subprocess.run(
        [SCRAPY, *arguments],
        cwd=ROOT,
        env={**os.environ, "PRESSMARK_SITES": str(sites)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def article(running: RunningNewsroom) -> tuple[str, str]:
    """Return the address and the headline of the newest article."""
    story = running.newsroom.story(running.newsroom.article_id(29))
    return f"{running.url}{story.path}", story.headline


def test_its_spiders_are_the_sites(newsroom: tuple[RunningNewsroom, Path]) -> None:
    assert scrapy(newsroom[1], "list").split() == ["chinadaily", "newsroom"]


def test_an_article_is_parsed(newsroom: tuple[RunningNewsroom, Path]) -> None:
    url, headline = article(newsroom[0])
    assert f"'headline': {headline!r}" in scrapy(newsroom[1], "parse", "--nolog", "--nocolour", url)


def test_a_listing_is_parsed(newsroom: tuple[RunningNewsroom, Path]) -> None:
    shown = scrapy(newsroom[1], "parse", "--nolog", "--nocolour", f"{newsroom[0].url}/world/europe")
    assert f"<GET {article(newsroom[0])[0]}>" in shown


def test_the_shell_has_page_classes(newsroom: tuple[RunningNewsroom, Path]) -> None:
    url, headline = article(newsroom[0])
    assert headline in scrapy(newsroom[1], "shell", "--nolog", url, "-c", "spider.page_of(response).headline")


def test_a_site_is_read_into_a_feed_and_nowhere_else(newsroom: tuple[RunningNewsroom, Path], tmp_path: Path) -> None:
    feed = tmp_path / "items.jsonl"
    scrapy(newsroom[1], "crawl", "newsroom", "-O", str(feed))
    items = [json.loads(line) for line in feed.read_text().splitlines()]
    assert article(newsroom[0])[1] in {item["headline"] for item in items}
