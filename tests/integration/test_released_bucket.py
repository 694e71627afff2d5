"""A bucket of an older release: what its pages are read as otherwise today is no edit by their publisher."""

from pathlib import Path
from typing import Any

import pytest

from pressmark.archive.s3.store import Store
from pressmark.model import keys
from tests.released_bucket.odd_newsroom import ORIGIN, odd_newsroom
from tests.released_bucket.restored import restored
from tests.support.archive import Archive


@pytest.fixture
def archive(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The newsroom of the older release, and its bucket."""
    config = restored("f168f16", bucket, tmp_path, monkeypatch, allow_addresses=["127.0.0.0/8"])
    with odd_newsroom() as newsroom:
        yield Archive(newsroom, ORIGIN, config, Store.open(config))


@pytest.mark.slow
def test_a_better_reading_is_no_edit_by_the_publisher(archive: Archive) -> None:
    before = set(archive.store.keys(""))
    for _ in range(2):  # The second knows by its visits what today's reader read.
        run = archive.crawl("--recheck")
        assert run.exit_code == 0
        assert (run.counts["published"], run.counts["updated"], run.counts["silent_edit"]) == (0, 0, 0)
        assert run.counts["unchanged"] == 26
    after = set(archive.store.keys("")) - before
    assert not [key for key in after if key.startswith((keys.ARTICLES, keys.SILENT_EDITS))]


@pytest.mark.slow
def test_an_edit_is_found_whatever_read_the_stored_version(archive: Archive) -> None:
    newsroom = archive.newsroom
    plain, odd = newsroom.article_id(20), newsroom.article_id(25)
    for article_id in (plain, odd):
        newsroom.edit_silently(article_id)
    run = archive.crawl("--recheck")
    edited = {each["article_id"] for each in run.manifest["articles"] if each["outcome"] == "silent_edit"}
    assert edited == {plain, odd}
