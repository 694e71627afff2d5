"""A researcher's way from a word of an article to its replayed pages, in a real browser, with both players."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest
import yaml
from playwright.sync_api import Browser, Frame, Page, expect, sync_playwright

from pressmark.jobs.export import Exporter
from pressmark.jobs.monthly_index import Merger
from pressmark.jobs.wacz.packager import Packager
from pressmark.local.s3server import RunningS3
from pressmark.reader import Document, Reader
from pressmark.system.ports import LOOPBACK, free_port
from pressmark.web.common.repository import Repository
from pressmark.web.reading_room.addresses import Links, Origins
from pressmark.web.reading_room.player import player_folder
from pressmark.web.reading_room.serving import ReadingRoom
from pressmark.web.replay.server import ReplayServer
from tests.conftest import fresh_bucket
from tests.support.archive import Archive, archiving
from tests.support.tools import until
from tests.web.reading_room.hostile import BACKWARDS, archive_backwards, archive_hostile_page, thief

CHROMIUM = shutil.which("chromium")
SECONDS = 60
WIDE = {"width": 1280, "height": 900}
IMAGES = Path(__file__).parents[3] / "docs" / "images"

pytestmark = [
    pytest.mark.skipif(not CHROMIUM, reason="needs Chromium: apt-get install chromium"),
    pytest.mark.long,
]

LOOK = """() => {
    const colour = (each) => getComputedStyle(each).color;
    const article = document.querySelector("#Content");
    const images = [...article.querySelectorAll("img")];
    const heading = document.querySelector("h1");
    return {
        headline: heading.innerText,
        body: article.innerText,
        images: images.map((each) => each.naturalWidth),
        colours: [colour(heading), colour(document.querySelector("a")), getComputedStyle(heading).fontSize],
    };
}"""
"""What a person sees on an article's page."""

ISOLATED = """() => {
    const found = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        if (!texts.currentNode.data.includes("\\u202e")) continue;
        let around = texts.currentNode.parentElement;
        const inline = (each) => getComputedStyle(each).display === "inline";
        while (inline(around) && getComputedStyle(around).unicodeBidi === "normal") around = around.parentElement;
        found.push(around.textContent.trim());
    }
    return found;
}"""
"""The text that shares its direction with each text that reverses words."""

Seen = dict[str, Any]


@attrs.frozen
class Open:
    """A reading room and pywb over an archive, with a browser."""

    archive: Archive
    origins: Origins
    browser: Browser
    article: str
    """URL of the article that has two versions."""
    live: tuple[Seen, Seen]
    """Its live page at the time of each capture."""
    hostile: Document
    backwards: Document
    """A newer version of it."""
    stolen: list[str]
    """Data that the hostile page sent out."""

    def page(self) -> Page:
        page = self.browser.new_page(viewport=WIDE)
        page.set_default_timeout(SECONDS * 1000)
        return page

    @property
    def versions(self) -> list[Document]:
        return Reader(self.archive.store, "newsroom").versions(self.article)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])


@pytest.fixture(scope="module")
def room(s3: RunningS3, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    folder = tmp_path_factory.mktemp("room")
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        fresh_bucket(s3, patch)
        archive = stack.enter_context(archiving(folder, patch))
        article, live = _fill(archive, browser)
        server = ReplayServer(archive.store, folder / "replay", port=free_port())
        ports = free_port(), free_port()
        # Names of this machine in a site of their own, without the cookies of its other programs.
        origins = Origins(
            room=f"http://pressmark.localhost:{ports[0]}",
            replay=f"http://replay.pressmark.localhost:{ports[1]}",
            pywb=f"http://pywb.localhost:{server.port}",
        )
        address, stolen = stack.enter_context(thief())
        hostile = archive_hostile_page(archive.store, folder / "hostile", address, origins.room)
        backwards = archive_backwards(archive.store, folder / "backwards")
        _add_site(archive, "news")
        for site in ("newsroom", "news"):
            list(Exporter(archive.store, site).changed())
            list(Merger(archive.store, site).months())
            list(Packager(archive.store, site).changed())
        stack.enter_context(server.running())
        reading = ReadingRoom(
            repository=Repository.open(),
            origins=origins,
            host=LOOPBACK,
            port=ports[0],
            replay_port=ports[1],
            cache=folder / "catalogue",
            player=player_folder(),
        )
        refresher = stack.enter_context(reading.open())
        until(lambda: refresher.state.read_at is not None, SECONDS)
        yield Open(archive, origins, browser, article, live, hostile, backwards, stolen)


def _add_site(archive: Archive, site: str) -> None:
    assert archive.config.sites
    facts = yaml.safe_load((archive.config.sites / "newsroom.yml").read_text())
    (archive.config.sites / f"{site}.yml").write_text(yaml.safe_dump(facts | {"site": site}))


def _fill(archive: Archive, browser: Browser) -> tuple[str, tuple[Seen, Seen]]:
    """Archive the newsroom twice, with an updated article; return its URL and its live page each time."""
    archive.set_site(recheck={"steps": [{"until": "P9000D", "every": "PT0S"}]})
    archive.crawl()
    pictured = {
        document["identifier"]: document["url"] for document in archive.documents().values() if document["image"]
    }
    newsroom = archive.newsroom
    entry = next(each for each in newsroom.listing("world/europe", 1) if each.article_id in pictured)
    url = pictured[entry.article_id]
    before = _seen_live(browser, url)
    newsroom.advance(timedelta(minutes=5))
    newsroom.update(entry.article_id)
    archive.crawl()
    return url, (before, _seen_live(browser, url))


def _seen_live(browser: Browser, url: str) -> Seen:
    page = browser.new_page(viewport=WIDE)
    page.goto(url, wait_until="load")
    seen = _look(page.main_frame)
    page.close()
    return seen


def _look(frame: Frame) -> Seen:
    frame.wait_for_selector("h1")
    frame.wait_for_function(
        "() => { const images = [...document.querySelectorAll('#Content img')];"
        " images.forEach((each) => each.scrollIntoView());"
        " return images.length > 0 && images.every((each) => each.complete && each.naturalWidth > 0); }"
    )
    frame.wait_for_function("() => document.fonts.status === 'loaded'")
    seen: Seen = frame.evaluate(LOOK)
    return seen


def _replayed(page: Page) -> Frame:
    """Return the player's frame with the captured page, once it exists."""

    def found() -> list[Frame]:
        return [each for each in page.frames if "mp_/http" in each.url]

    until(lambda: page.wait_for_timeout(50) is None and bool(found()), SECONDS)
    return found()[-1]


def test_from_a_word_to_both_versions_as_they_were(room: Open) -> None:
    first, second = room.versions
    before, after = room.live
    assert before["body"] != after["body"]
    assert before["images"]
    page = room.page()
    page.goto(room.origins.room)
    word = _rare_word(room, second)
    page.get_by_role("searchbox").fill(word)
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name=second.headline).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(second.headline)
    expect(page.get_by_text("Version, updated")).to_have_count(2)

    page.get_by_role("link", name="What changed").click()
    added = set("\n".join(page.locator("ins").all_inner_texts()).split())
    assert added
    assert set(second.body.split()) - set(first.body.split()) <= added | set(page.locator("main").inner_text().split())
    assert second.data["dateModified"] in page.locator("ins").all_inner_texts()
    _photograph(page, "reading-room-compare")

    for document, live in ((first, before), (second, after)):
        page.goto(Links(room.origins.room).version(document.key))
        page.get_by_role("link", name="Replay the page as it was").click()
        assert _look(_replayed(page)) == live
        _photograph(page, f"reading-room-replay-{'first' if document is first else 'second'}")
        page.get_by_role("link", name="Replay in pywb").click()
        assert _look(_replayed(page)) == live
        assert page.url.startswith(room.origins.pywb)
    page.close()


def test_a_hostile_page_does_nothing_to_the_reading_room(room: Open) -> None:
    context = room.browser.new_context(viewport=WIDE)
    context.add_cookies([{"name": "session", "value": "very-secret", "url": room.origins.room}])
    page = context.new_page()
    page.set_default_timeout(SECONDS * 1000)
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    heard: list[str] = []
    page.expose_function("heard", lambda said: heard.append(said))  # noqa: PLW0108  # It can't be a built-in one.
    page.goto(Links(room.origins.room).version(room.hostile.key))
    page.get_by_role("link", name="Replay the page as it was").click()
    page.wait_for_url("**/replay/articles/**")
    page.evaluate("() => addEventListener('message', (event) => heard(String(event.data)))")
    address, shown = page.url, page.locator("header, h1, nav").all_inner_texts()

    until(lambda: page.wait_for_timeout(50) is None and any("all was tried" in said for said in heard), SECONDS)
    tried = json.loads(next(said for said in heard if said.startswith("hostile: {")).removeprefix("hostile: "))
    assert {"raw cookie", "bare cookie", "real cookie", "image", "worker", "socket"} <= set(tried)
    assert tried["real document"].startswith("refused: SecurityError"), "else it was never out of the player"
    assert not [name for name, got in tried.items() if name.startswith("fetch") and "Lamps lit" in got], tried
    page.wait_for_load_state("networkidle")

    assert page.url == address, "it has led the window away"
    assert page.locator("header, h1, nav").all_inner_texts() == shown
    assert page.title().endswith("Replay")
    assert page.evaluate("() => document.cookie") == "session=very-secret"
    assert page.evaluate("() => document.body.dataset.taken") is None
    assert "very-secret" not in str(heard)
    assert not [url for url in asked if "very-secret" in url]
    assert room.stolen == []
    assert not [url for url in asked if url.startswith(f"{room.origins.room}/compare")], "nothing was asked in its name"
    context.close()


def test_texts_that_reverse_words_reverse_no_word_of_a_page(room: Open) -> None:
    links, document = Links(room.origins.room), room.backwards
    page = room.page()
    day = "/".join(document.key.split("/")[2:5])
    for address, least in (
        (f"{room.origins.room}/articles/news/", 1),
        (f"{room.origins.room}/articles/news/{day}/", 1),
        (f"{room.origins.room}/search?q=evil", 2),
        (f"{room.origins.room}/{document.key.rpartition('/')[0]}/", 2),
        (links.version(document.key), 6),
        (links.compare(room.hostile.key, document.key), 4),
        (links.replay(document.key), 1),
    ):
        page.goto(address)
        found = page.evaluate(ISOLATED)
        assert len(found) >= least, address
        assert {text.replace(BACKWARDS, "").strip(" \n().,") for text in found} == {""}, address


def _rare_word(room: Open, document: Document) -> str:
    """Return a rare word of an article."""
    others = " ".join(each["articleBody"] for each in room.archive.documents().values() if each["url"] != room.article)
    words = [word for word in document.body.split() if word.isalpha() and len(word) > 4]
    return min(words, key=lambda word: (others.count(word), word))


def _photograph(page: Page, name: str) -> None:
    if os.environ.get("PRESSMARK_SCREENSHOTS"):
        page.screenshot(path=Path(IMAGES, f"{name}.png"))
