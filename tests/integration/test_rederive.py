"""Re-deriving: JSON rebuilt from the bucket, without the site."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
from click.testing import CliRunner

from pressmark.archive.s3.store import Store
from pressmark.archive.warc.captures import SegmentCaptures
from pressmark.cli.commands.rederive import rederive_command
from pressmark.config import Config
from pressmark.crawl.derive import derive, rederive
from pressmark.errors import FindingsFound, UsageError
from pressmark.extract.layouts import layout_named
from pressmark.jobs.rederive import correct
from pressmark.local.newsroom.faults import FaultKind
from pressmark.local.s3server import RunningS3
from pressmark.model import keys
from pressmark.model.article import Article
from pressmark.model.document import to_bytes
from pressmark.model.schema import ARTICLE
from pressmark.sites.site_files import load_sites
from pressmark.spiders.pages.chinadaily.article import ChinaDailyArticlePage
from tests.conftest import fresh_bucket
from tests.support.archive import SECTION, Archive, archiving
from tests.support.schemas import keeps_its_schemas


@pytest.fixture(scope="module")
def untouched(s3: RunningS3, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """An archive of two runs: revisits, an update, a rejection that was the page's fault, a spool that is empty."""
    with pytest.MonkeyPatch.context() as patch:
        fresh_bucket(s3, patch)
        with archiving(tmp_path_factory.mktemp("crawled"), patch) as archive:
            rejected = archive.newsroom.story(archive.newsroom.article_id(28))
            archive.newsroom.fault(rejected.path, FaultKind.NO_HEADLINE)
            archive.crawl()
            archive.newsroom.update(archive.newsroom.article_id(29))
            archive.newsroom.update(archive.newsroom.article_id(22))
            archive.crawl("--recheck")
            yield archive


@pytest.fixture
def crawled(untouched: Archive, s3: RunningS3, monkeypatch: pytest.MonkeyPatch) -> Archive:
    """A copy of its bucket, to be changed."""
    name = fresh_bucket(s3, monkeypatch)
    for key in untouched.store.keys(""):
        source = {"Bucket": untouched.store.bucket, "Key": key}
        untouched.store.client.copy_object(Bucket=name, Key=key, CopySource=source)  # type: ignore[arg-type]
    config = Config.from_env(os.environ)
    return attrs.evolve(untouched, config=config, store=Store.open(config))


def published(archive: Archive) -> dict[str, bytes]:
    keys = [*archive.store.keys("articles/"), *archive.store.keys("rejected/")]
    return {key: archive.store.get(key) for key in keys}


def test_all_captures_give_byte_for_byte_what_was_published(crawled: Archive, tmp_path: Path) -> None:
    site = load_sites(crawled.config.sites)["newsroom"]
    segments = [key for key in crawled.store.keys("warc/") if key.endswith(".gz")]
    assert len(segments) == 2
    paths = [tmp_path / Path(key).name for key in segments]
    for key, path in zip(segments, paths, strict=True):
        path.write_bytes(crawled.store.get(key))
    made: dict[str, bytes] = {}
    for draft in derive(site, SegmentCaptures(zip(paths, segments, strict=True))):
        made.setdefault(draft.key, to_bytes(draft.document))  # The first capture of a version is the one published.
    assert made == published(crawled)


def test_the_command_finds_nothing_to_change(crawled: Archive) -> None:
    key = next(crawled.store.keys("articles/"))
    older = json.loads(crawled.store.get(key))
    del older["pressmark"]["encoding"], older["pressmark"]["charactersReplaced"]
    crawled.store.put(key, to_bytes(older))  # As releases wrote it that did not say so.
    done = CliRunner().invoke(rederive_command, [SECTION], catch_exceptions=False)
    count = len(published(crawled))
    assert done.output == f"{count} documents read again, {count} byte for byte the same\n"
    assert done.exit_code == 0


@attrs.define
class LouderPage(ChinaDailyArticlePage):
    """A layout that reads headlines differently, and invents missing ones."""

    LAYOUT = "chinadaily/9"

    @property
    def _printed(self) -> str:
        return " ".join((self.css("h1").xpath("string()").get() or "untitled").split())

    async def to_item(self) -> Article:
        return attrs.evolve(await super().to_item(), headline=self._printed.upper())


@attrs.define
class QuietlyLouderPage(LouderPage):
    """The same, under the name of the layout before it."""

    LAYOUT = ChinaDailyArticlePage.LAYOUT


def hold(page_class: type[ChinaDailyArticlePage], monkeypatch: pytest.MonkeyPatch) -> None:
    was = layout_named("chinadaily")
    layout = attrs.evolve(was, articles=dict.fromkeys(was.articles, page_class))
    monkeypatch.setattr("pressmark.crawl.derive.layout_of", lambda site: layout)


def test_a_new_layout_corrects_beside_the_old(crawled: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    hold(LouderPage, monkeypatch)
    before = published(crawled)
    done = CliRunner().invoke(rederive_command, [SECTION, "--json"], catch_exceptions=False)
    changes = json.loads(done.stdout)
    versions = [each for each in changes if each["was"] == each["now"] == "version"]
    assert len(versions) == sum(key.startswith("articles/") for key in before)
    assert {tuple(each["changed"]) for each in versions} == {
        ("headline", "pressmark.contentSha256", "pressmark.layout")
    }
    assert list(crawled.store.keys("corrections/")) == []

    written = CliRunner().invoke(rederive_command, [SECTION, "--write"], catch_exceptions=False)
    assert written.output.splitlines()[-1].endswith(f"{len(versions)} corrected versions published")
    assert published(crawled) == before
    for each in versions:
        old, new = json.loads(before[each["key"]]), json.loads(crawled.store.get(each["correction_key"]))
        assert each["correction_key"] == each["key"].replace("articles/", "corrections/", 1).replace(
            ".json", "-chinadaily-9.json"
        )
        assert new["headline"] == old["headline"].upper()
        assert new["archivedAt"] == old["archivedAt"]
        assert new["pressmark"]["captures"] == old["pressmark"]["captures"]
        assert new["pressmark"]["corrects"] == each["key"]
    assert keeps_its_schemas(crawled.store)["corrections", ARTICLE] >= len(versions)
    again = CliRunner().invoke(rederive_command, [SECTION, "--write"], catch_exceptions=False)
    assert again.output.splitlines()[-1].endswith("; 0 corrected versions published")


def test_two_readings_never_bear_one_name(crawled: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    hold(QuietlyLouderPage, monkeypatch)
    site = load_sites(crawled.config.sites)["newsroom"]
    found = rederive(crawled.store, site, next(crawled.store.keys("articles/")))
    assert found.changed == ("headline", "pressmark.contentSha256")
    with pytest.raises(UsageError, match="Raise LAYOUT"):
        correct(crawled.store, found)
    assert list(crawled.store.keys("corrections/")) == []


def test_a_correction_that_is_refused_stops_no_other(crawled: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    hold(QuietlyLouderPage, monkeypatch)
    key = max(crawled.store.keys("articles/"))
    older = json.loads(crawled.store.get(key))
    older["pressmark"]["layout"] = "chinadaily/0"
    crawled.store.put(key, to_bytes(older))

    done = CliRunner().invoke(rederive_command, [SECTION, "--write"])
    assert done.stdout.splitlines()[-1].endswith("; 1 corrected version published")
    assert isinstance(done.exception, FindingsFound)
    refused = len(list(crawled.store.keys("articles/"))) - 1
    assert f"{refused} document{'s' * (refused != 1)} not corrected:\n" in str(done.exception)
    assert len(list(crawled.store.keys("corrections/"))) == 1


def test_a_silent_edit_takes_no_corrections_place(crawled: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    site = load_sites(crawled.config.sites)["newsroom"]
    key = next(crawled.store.keys("articles/"))
    beside = keys.silent_edit(key, "a" * 64)
    crawled.store.put(beside, crawled.store.get(key))
    hold(LouderPage, monkeypatch)
    assert rederive(crawled.store, site, key).correction_key
    assert not rederive(crawled.store, site, beside).correction_key


def test_a_missing_capture_is_reported(crawled: Archive) -> None:
    site = load_sites(crawled.config.sites)["newsroom"]
    key = next(crawled.store.keys("articles/"))
    warc = json.loads(crawled.store.get(key))["pressmark"]["captures"][0]["warc"]
    crawled.store.client.delete_object(Bucket=crawled.store.bucket, Key=warc)
    with pytest.raises(FindingsFound, match=warc):
        rederive(crawled.store, site, key)


def test_what_cannot_be_read_harms_no_other_document(crawled: Archive) -> None:
    key = next(crawled.store.keys("articles/"))
    crawled.store.client.delete_object(Bucket=crawled.store.bucket, Key=key)
    done = CliRunner().invoke(rederive_command, [SECTION])
    assert isinstance(done.exception, FindingsFound)
    assert f"1 document can't be read again:\n  {key}: " in str(done.exception)
    rest = len(published(crawled))
    assert done.output == f"{rest} documents read again, {rest} byte for byte the same\n"


def test_where_nothing_was_published_it_says_so(archive: Archive) -> None:
    assert os.environ["PRESSMARK_BUCKET"] == archive.config.bucket
    done = CliRunner().invoke(rederive_command, [SECTION])
    assert isinstance(done.exception, UsageError)
    assert "nothing was published yet" in str(done.exception)
