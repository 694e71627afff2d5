"""Tasks of the archive DAG while somebody crawls by hand."""

from collections.abc import Callable
from pathlib import Path

import pytest
from airflow.sdk.exceptions import AirflowFailException

from pressmark.airflow.tasks.archive import recover_site, report_crawl, verify_crawl
from pressmark.config import Config
from pressmark.crawl import recover
from pressmark.crawl.host_lock import host_lock
from pressmark.local.newsroom.site_file import newsroom_site
from tests.support.samples import exchange

SITE = newsroom_site()


def test_recover_leaves_it_to_a_crawl_that_goes_on(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRESSMARK_SPOOL", str(tmp_path))
    monkeypatch.setattr(recover, "WAIT", 0.1)
    left = tmp_path / SITE.site / "newsroom-20260101000000000-run1-00001.warc.gz.open"
    left.parent.mkdir()
    left.write_bytes(exchange().response_head)
    with host_lock(Config(bucket=bucket, spool=tmp_path), SITE):
        recover_site(SITE)
        assert left.exists()
    recover_site(SITE)
    assert not left.exists()


@pytest.mark.parametrize("task", [verify_crawl, report_crawl])
def test_a_crawl_that_was_marked_as_success_has_no_result(task: Callable[[None], object]) -> None:
    with pytest.raises(AirflowFailException, match="marked as success by hand"):
        task(None)
