"""Articles that a killed crawl captured but did not read become documents, wherever its segments are."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import attrs
import pytest

from pressmark.archive.publish.publisher import publish
from pressmark.archive.s3.store import Store
from pressmark.archive.spool.batch import Batch, Published, published_note_path, published_notes
from pressmark.archive.spool.spool import Spool
from pressmark.config import Config
from pressmark.crawl.recover import recover_and_publish
from pressmark.errors import BucketError
from pressmark.local.newsroom.site_file import newsroom_site
from pressmark.model import keys
from tests.support.hostile_site import article_id, page, path
from tests.support.s3_proxy import Fault, Proxy, of
from tests.support.samples import exchange, staged

SITE = newsroom_site()
ORIGIN = "http://127.0.0.1:8765"
PAGER = f'<p>One.</p><div id="div_currpage"><a href="{article_id(1)}_2.html">2</a></div>'
FOLLOWING = path(1).replace(".html", "_2.html")


@attrs.frozen
class House:
    """A bucket, and a spool that a killed crawl left."""

    config: Config
    store: Store

    @property
    def folder(self) -> Path:
        return self.config.spool / "newsroom"

    def segments(self, *captured: tuple[str, str], run: str = "run1") -> list[Batch]:
        """Capture pages, each in a segment of its own."""
        batches: list[Batch] = []
        info = {"software": "test"}
        spool = Spool(self.folder, "newsroom", run, info, batches.append, segment_bytes=1)
        at = datetime.now(UTC).replace(microsecond=0)
        for number, (address, body) in enumerate(captured):
            sent = body.encode()
            made = attrs.evolve(exchange(body=sent), url=ORIGIN + address)
            head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(sent)
            response = attrs.evolve(made, response_body=BytesIO(sent), response_head=head)
            spool.record(attrs.evolve(response, started_at=at + timedelta(milliseconds=number)))
        spool.close()
        return batches

    def recover(self) -> dict[str, int]:
        """Return how many versions came of each segment."""
        found = recover_and_publish(self.config, self.store, SITE)
        assert len({each.segment for each in found}) == len(found)
        return {each.segment: each.published for each in found}

    def texts(self) -> list[str]:
        return sorted(json.loads(self.store.get(key))["articleBody"] for key in self.store.keys(keys.ARTICLES))

    def listed(self) -> list[str]:
        """Return the keys of the documents that the next manifest lists."""
        return sorted(
            stored.key for each in published_notes(self.folder, "newsroom").values() for stored in each.objects
        )


@pytest.fixture
def house(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setenv("PRESSMARK_SPOOL", str(tmp_path / "spool"))
    monkeypatch.setenv("PRESSMARK_PATIENCE", "1")
    config = Config.from_env(os.environ)
    assert config.bucket == bucket
    return House(config, Store.open(config))


def test_a_page_whose_segment_was_published_before_it_was_read(house: House) -> None:
    [batch] = house.segments((path(1), page(1)))
    publish(house.store, batch)
    assert house.texts() == []
    name = Path(batch.segment.key).name
    assert house.recover() == {name: 1}
    assert house.texts() == ["Text."]
    assert house.listed() == list(house.store.keys(keys.ARTICLES))
    before = dict(house.store.etags(""))
    assert house.recover() == {}
    assert dict(house.store.etags("")) == before


def test_an_article_whose_pages_are_in_the_bucket_and_in_the_spool(house: House) -> None:
    first, second, _ = house.segments(
        (path(1), page(1, body=PAGER)), (FOLLOWING, page(1, body="<p>Two.</p>")), ("/", "")
    )
    publish(house.store, first)
    assert sum(house.recover().values()) == 1
    assert house.texts() == ["One.\n\nTwo."]
    [key] = house.listed()
    captures = json.loads(house.store.get(key))["pressmark"]["captures"]
    assert [each["warc"] for each in captures] == [first.segment.key, second.segment.key]


def test_a_last_segment_without_a_complete_successor(house: House) -> None:
    """The disk was full: the next segment has no exchange, and the draft was in no file."""
    [_, empty] = house.segments((path(1), page(1)), ("/", ""))
    opened = empty.segment.path.with_name(empty.segment.path.name + ".open")
    opened.write_bytes(empty.segment.path.read_bytes()[:300])
    empty.segment.path.unlink()
    empty.drafts_path.unlink()
    house.recover()
    assert house.texts() == ["Text."]


def test_what_has_a_document_is_not_read_again(house: House) -> None:
    [batch] = house.segments((path(1), page(1)))
    draft = staged(f"articles/newsroom/2022/02/18/{article_id(1)}/20220218T005300Z.json")
    block = {"warc": batch.segment.key, "offset": 0, "length": 1}
    published, _ = publish(house.store, batch)
    there = house.store.put_new(draft.key, json.dumps(block).encode())
    assert there
    attrs.evolve(published, objects=(there,)).save_over(house.folder)
    assert house.recover() == {}
    assert list(house.store.keys(keys.ARTICLES)) == [draft.key]


def test_a_page_of_a_version_that_is_known_adds_nothing(house: House) -> None:
    for run in ("run1", "run2"):
        [batch] = house.segments((path(1), page(1)), run=run)
        publish(house.store, batch)
        house.recover()
    [version] = house.store.keys(keys.ARTICLES)
    assert house.listed() == [version]
    assert list(house.store.keys(keys.SILENT_EDITS)) == []


def test_an_edit_that_was_captured_and_not_read(house: House) -> None:
    for run, text in {"run1": "Text.", "run2": "Another."}.items():
        [batch] = house.segments((path(1), page(1, body=f"<p>{text}</p>")), run=run)
        publish(house.store, batch)
        house.recover()
    assert len(list(house.store.keys(keys.SILENT_EDITS))) == 1


@pytest.mark.parametrize("fault", [of("GET", "/warc/"), of("PUT", "/articles/")], ids=["reading", "writing"])
def test_a_bucket_that_fails_meanwhile_leaves_it_to_the_next(
    house: House, proxy: Proxy, fault: Callable[..., bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    [batch] = house.segments((path(1), page(1)))
    publish(house.store, batch)
    later = House(house.config, Store.open(house.config))
    proxy.rule = lambda request: Fault(read=0) if fault(request) else None
    with pytest.raises(BucketError):
        later.recover()
    proxy.rule = lambda request: None
    assert sum(later.recover().values()) == 1
    assert len(house.listed()) == 1


@pytest.mark.parametrize("edited", [False, True])
def test_a_recovery_that_is_killed_before_it_notes_what_it_wrote(
    house: House, monkeypatch: pytest.MonkeyPatch, *, edited: bool
) -> None:
    def killed(published: Published, folder: Path) -> None:
        raise SystemExit

    for run, text in {"run1": "Text.", "run2": "Another."}.items() if edited else [("run1", "Text.")]:
        [batch] = house.segments((path(1), page(1, body=f"<p>{text}</p>")), run=run)
        publish(house.store, batch)
        with monkeypatch.context() as patch:
            patch.setattr(Published, "save_over", killed)
            with pytest.raises(SystemExit):
                house.recover()
        house.recover()
    written = [*house.store.keys(keys.ARTICLES), *house.store.keys(keys.SILENT_EDITS)]
    assert len(written) == 1 + edited
    assert house.listed() == sorted(written)


def test_what_another_bucket_has_is_left_to_a_run_with_that(house: House) -> None:
    [batch] = house.segments((path(1), page(1)))
    published, _ = publish(house.store, batch)
    house.store.client.delete_object(Bucket=house.store.bucket, Key=batch.segment.key)
    assert house.recover() == {}
    assert not Published.read(published_note_path(house.folder, published)).is_read
