"""Each pipeline with the real bucket and spool, without Scrapy."""

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import pytest
from scrapy.exceptions import DropItem

from pressmark.archive.s3.store import Store
from pressmark.config import Config
from pressmark.crawl.commit import RunCommit
from pressmark.crawl.state.known_content import KnownContent
from pressmark.crawl.state.parts import CrawlParts
from pressmark.crawl.state.revisits import Revisits
from pressmark.crawl.state.run import Run
from pressmark.local.newsroom.site_file import newsroom_site
from pressmark.model import keys
from pressmark.model.article import Credit, Image, Raw
from pressmark.model.document import to_bytes, with_captures
from pressmark.model.item import Reading
from pressmark.pipelines.deduplicate import DeduplicatePipeline
from pressmark.pipelines.normalize import NormalizePipeline, normalize
from pressmark.pipelines.stage import StagePipeline
from pressmark.pipelines.validate import ValidatePipeline
from tests.support.samples import ARTICLE_ID, DAY, article, capture, exchange


@pytest.fixture
def run(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunCommit]:
    monkeypatch.setenv("PRESSMARK_SPOOL", str(tmp_path))
    config = Config.from_env(os.environ)
    assert config.bucket == bucket
    store = Store.open(config)
    parts = CrawlParts.build(config, store, Run.new(newsroom_site(), "world/europe"))
    parts.outcomes.see(ARTICLE_ID, article().url)
    made = RunCommit(config=config, store=store, parts=parts)
    yield made
    made.finish()


def reading(run: RunCommit, **changes: object) -> Reading:
    return Reading(article=article(**changes), day=DAY, receipts=(run.parts.archivist.record(exchange()),))


def validate(run: RunCommit, item: Reading) -> Reading:
    return ValidatePipeline(run.parts.stager).process_item(item)


def visited(run: RunCommit, **changes: object) -> Reading:
    item = validate(run, reading(run, **changes))
    run.parts.revisits.record_visit(ARTICLE_ID, item.article.url, "202202/18", created_at=item.article.published_at)
    return item


def forget_visits(run: RunCommit) -> None:
    parts = run.parts
    revisits = Revisits(parts.run.site.recheck, {}, parts.run.started_at, unconditional=False)
    known = KnownContent(run.store, parts.run.site.site, parts.ledger, revisits)
    run.parts = attrs.evolve(parts, revisits=revisits, known_content=known)


def drop_known(run: RunCommit, item: Reading) -> Reading:
    return asyncio.run(DeduplicatePipeline.from_parts(run.parts).process_item(item))


def stage(run: RunCommit, item: Reading) -> None:
    StagePipeline(run.parts.stager).process_item(item)


def publish(run: RunCommit, item: Reading) -> None:
    assert item.document
    document = with_captures(item.document, [capture()])
    run.store.put(keys.version("newsroom", DAY, item.article.version), to_bytes(document))
    run.parts.ledger._days.clear()


def test_invisible_text_becomes_none() -> None:
    found = normalize(article(standfirst="\u200b", keywords=("lamp", "\ufeff"), source=" "))
    assert (found.standfirst, found.keywords, found.source) == (None, ("lamp",), None)
    assert normalize(article(headline="\u200b")).headline == ""


def test_normalize_gives_one_spelling_and_keeps_the_raw_text(run: RunCommit) -> None:
    raw = Raw(byline="By  A")
    dirty = reading(
        run,
        headline="Cafe\u0301\u00a0 \u200blit ",
        body="One\u00ad line.\n\nTwo  lines.",
        authors=(Credit(name=" REN\u00a0QI "),),
        images=(Image(url="https://i/1", caption="A  lamp."),),
        raw=raw,
    )
    clean = NormalizePipeline().process_item(dirty).article
    assert (clean.headline, clean.body) == ("Café lit", "One line.\n\nTwo lines.")
    assert clean.authors == (Credit(name="REN QI"),)
    assert clean.images[0].caption == "A lamp."
    assert clean.raw == raw
    assert clean.updated_at == dirty.article.updated_at


def test_a_known_version_is_dropped_and_counted(run: RunCommit) -> None:
    item = visited(run)
    assert drop_known(run, item) is item
    publish(run, item)
    with pytest.raises(DropItem):
        drop_known(run, item)
    assert run.parts.outcomes.counts()["unchanged"] == 1


def test_other_content_of_a_known_version_is_a_silent_edit_once(run: RunCommit) -> None:
    publish(run, visited(run))
    edited = visited(run, headline="Lamps out")
    stage(run, drop_known(run, edited))
    run.parts.archivist.close()
    assert run.parts.outcomes.counts()["silent_edit"] == 1
    with pytest.raises(DropItem):
        drop_known(run, edited)
    [key] = run.store.keys("silent-edits/")
    version = keys.version("newsroom", DAY, edited.article.version)
    assert json.loads(run.store.get(key))["headline"] == "Lamps out"
    assert json.loads(run.store.get(version))["headline"] == article().headline


def test_a_page_that_goes_back_and_forth_at_one_time_is_one_silent_edit(run: RunCommit) -> None:
    publish(run, visited(run))
    edited = visited(run, headline="Lamps out")
    stage(run, drop_known(run, edited))
    run.parts.archivist.close()
    for headline in ["Lamps lit", "Lamps out", "Lamps lit"]:
        with pytest.raises(DropItem):
            drop_known(run, visited(run, headline=headline))
    other = visited(run, headline="Lamps on")
    assert drop_known(run, other) is other


def test_a_known_version_is_read_from_the_bucket_without_a_visit(run: RunCommit) -> None:
    publish(run, visited(run))
    forget_visits(run)
    with pytest.raises(DropItem):
        drop_known(run, visited(run))


def of_another(name: str) -> Callable[[bytes], bytes]:
    """Change the article or version of a document, and its content."""

    def made(stored: bytes) -> bytes:
        document = json.loads(stored)
        block = {**document["pressmark"], "contentSha256": 64 * "0"}
        return json.dumps({**document, name: "another", "pressmark": {**block, name: "another/1"}}).encode()

    return made


ODD: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda stored: b"",
    "cut": lambda stored: b'{"pressmark": ',
    "list": lambda stored: b"[]",
    "no block": lambda stored: b'{"headline": "Lamps lit"}',
    "no text": lambda stored: b"\xff",
    "empty object": lambda stored: b"{}",
    "of another version": of_another("version"),
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
@pytest.mark.parametrize("headline", ["Lamps lit", "Lamps out"])
def test_an_unreadable_version_gives_no_edit(
    run: RunCommit, odd: Callable[[bytes], bytes], headline: str, caplog: pytest.LogCaptureFixture
) -> None:
    item = visited(run)
    publish(run, item)
    key = keys.version("newsroom", DAY, item.article.version)
    run.store.put(key, odd(run.store.get(key)))
    forget_visits(run)
    with pytest.raises(DropItem):
        drop_known(run, visited(run, headline=headline))
    run.parts.archivist.close()
    assert [(each["outcome"], each["reason"], key in each["message"]) for each in run.parts.outcomes] == [
        ("failed", "unreadable-version", True)
    ]
    assert key in caplog.text


def test_an_unpublished_reading_is_not_known(run: RunCommit) -> None:
    item = visited(run)
    assert drop_known(run, item) is item
    assert drop_known(run, item) is item


def test_another_updated_time_is_another_version(run: RunCommit) -> None:
    publish(run, visited(run))
    later = visited(run, updated_at=article().updated_at.replace(minute=59))
    assert drop_known(run, later) is later


def test_an_invalid_document_is_rejected_with_its_capture(run: RunCommit) -> None:
    with pytest.raises(DropItem):
        validate(run, reading(run, headline=""))
    assert run.parts.outcomes.counts()["rejected"] == 1
    run.parts.listing_progress.add_page([])
    run.finish()
    assert list(run.store.keys("rejected/")) == [f"rejected/newsroom/{DAY}/{ARTICLE_ID}/invalid.json"]


def test_a_valid_reading_is_published_after_its_capture(run: RunCommit) -> None:
    stage(run, validate(run, reading(run)))
    assert list(run.store.keys("articles/")) == []
    run.finish()
    assert list(run.store.keys("articles/")) == [keys.version("newsroom", DAY, article().version)]
    assert run.parts.outcomes.counts()["published"] == 1
