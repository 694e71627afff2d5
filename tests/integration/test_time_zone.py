"""A site file with another time zone: the times that pages print are read otherwise, and no article was edited."""

from datetime import timedelta

from pressmark.model import keys
from tests.support.archive import READABLE, Archive


def test_another_zone_and_back_make_no_versions(archive: Archive) -> None:
    archive.crawl()
    before = archive.documents()
    for zone in ("Europe/Berlin", "Asia/Shanghai"):
        archive.set_site(time_zone=zone)
        counts = archive.crawl("--recheck").counts
        assert (counts["updated"], counts["published"], counts["unchanged"]) == (0, 0, READABLE)
    assert archive.documents() == before
    assert list(archive.store.keys(keys.SILENT_EDITS)) == []


def test_an_update_is_one_in_any_zone(archive: Archive) -> None:
    archive.crawl()
    archive.set_site(time_zone="Europe/Berlin")
    archive.newsroom.advance(timedelta(hours=1))
    archive.newsroom.update(archive.newsroom.article_id(-1))
    assert archive.crawl("--recheck").counts["updated"] == 1
