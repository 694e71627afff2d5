import gzip
from datetime import UTC, datetime

import pytest

from pressmark.archive import visits
from pressmark.archive.store import Store
from pressmark.archive.visits import Visit, VisitedPage
from pressmark.capture import Original

KEY = "runs/news/world/2022/02/18/r.visits.jsonl.gz"
NOW = datetime(2022, 2, 18, tzinfo=UTC)
PAGE = VisitedPage(original=Original(url="https://news.example/1", record_id="urn:x", captured_at=NOW), etag='"1"')
VISIT = Visit(
    article_id="WS1",
    url="https://news.example/1",
    printed_day="202202/18",
    created_at=NOW,
    visited_at=NOW,
    listed_at=NOW,
    pages=(PAGE,),
)


def test_visits_come_back_as_they_were(store: Store) -> None:
    visits.write(store, KEY, [VISIT])
    assert visits.read(store, KEY) == {"WS1": VISIT}


def test_visits_that_are_lost_are_none(store: Store) -> None:
    assert visits.read(store, KEY) == {}


def line() -> bytes:
    written = (
        b'{"article_id": "WS1", "url": "u", "printed_day": "202202/18", "created_at": "2022-02-18T00:00:00+00:00"}'
    )
    return gzip.compress(written + b"\n")


@pytest.mark.parametrize(
    "written",
    [
        b"no gzip",
        line()[:-9],
        line()[:12] + b"\xff\xff\xff" + line()[15:],
        gzip.compress(b"{"),
        gzip.compress(b"\xff\n"),
        gzip.compress(b"[1]\n"),
        gzip.compress(b"7\n"),
        line(),
    ],
    ids=["no gzip", "cut", "damaged", "no JSON", "no UTF-8", "a list", "a number", "fields missing"],
)
def test_visits_that_cannot_be_read_are_none_and_told(
    store: Store, written: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    store.put(KEY, written)
    assert visits.read(store, KEY) == {}
    assert KEY in caplog.text
