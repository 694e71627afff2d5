from datetime import UTC, datetime

import pytest

from pressmark.model import keys
from tests.support.samples import SHANGHAI, article


@pytest.mark.parametrize("printed", ["202202/18", "2022-02/18"])
def test_the_day_of_an_article_url(printed: str) -> None:
    assert keys.day_of_url(printed) == "2022/02/18"


def test_the_keys_are_the_public_layout() -> None:
    early = datetime(2022, 2, 18, 1, 0, tzinfo=SHANGHAI)
    assert keys.segment("news", early, "s.warc.gz") == "warc/news/2022/02/17/s.warc.gz"
    assert keys.version("news", "2022/02/18", article().version) == (
        "articles/news/2022/02/18/WS620eee0ba310cdd1c5c1d2a3/20220218T011000Z.json"
    )
    assert keys.rejection("news", "2022/02/18", "WS1", "no-body") == "rejected/news/2022/02/18/WS1/no-body.json"
    assert keys.manifest("news", "world/europe", datetime(2022, 2, 18, tzinfo=UTC), "r1") == (
        "runs/news/world/europe/2022/02/18/r1.json"
    )
    assert keys.segments_of_month("news", "2022-02") == "warc/news/2022/02/"
    assert keys.index("news", "2022-02") == "index/news/2022-02.cdxj"
    assert keys.audit("news", early, "a1") == "audits/news/2022/02/17/a1.json"


@pytest.mark.parametrize(
    ("path", "day"),
    [
        ("/a/202202/18/WS620eee0ba310cdd1c5c1d2a3.html", "2022/02/18"),
        ("/world/2016-01/05/content_22932345.htm", "2016/01/05"),
        ("/2022/02/18/a-story", "2022/02/18"),
        ("/12345678/20220218/a-story", "2022/02/18"),
        ("/a/202202/30/WS1.html", None),
        ("/world/europe", None),
    ],
)
def test_the_day_in_a_url(path: str, day: str | None) -> None:
    assert keys.day_in_url(path) == day
