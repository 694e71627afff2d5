import gzip
import json
from datetime import UTC, datetime, timedelta

import attrs
import pytest

from pressmark.archive.bucket import visits
from pressmark.archive.bucket.visits import Visit, VisitedPage
from pressmark.archive.s3.store import Store
from pressmark.model.capture import Original
from tests.support.bad_json import BAD_JSON

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
        line() + b"more",
        b"",
    ],
    ids=["no gzip", "cut", "damaged", "more after it", "empty"],
)
def test_visits_that_cannot_be_read_are_ignored_and_logged(
    store: Store, written: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    store.put(KEY, written)
    assert visits.read(store, KEY) == {}
    assert KEY in caplog.text


def as_line(**changes: object) -> bytes:
    return json.dumps({**VISIT.to_json(), **changes}).encode()


ODD_LINES = {
    **{kind: text for kind, text in BAD_JSON.items() if text},
    "no UTF-8": b'{"a": "\xff"}',
    "fields missing": b'{"article_id": "WS9", "url": "u", "printed_day": "202202/18"}',
    "url is a number": as_line(url=7),
    "no zone": as_line(visited_at="2022-02-18T00:00:00"),
    "first year": as_line(listed_at="0001-01-01T00:00:00+00:00"),
    "pages are an object": as_line(pages={"a": 1}),
}


def test_a_bad_line_is_left_out_and_the_others_are_read(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    first, last = attrs.evolve(VISIT, article_id="WS2"), attrs.evolve(VISIT, article_id="WS3")
    for kind, bad in ODD_LINES.items():
        lines = [json.dumps(first.to_json()).encode(), bad, json.dumps(last.to_json()).encode(), bad]
        store.put(KEY, gzip.compress(b"\n".join(lines) + b"\n"))
        caplog.clear()
        assert visits.read(store, KEY) == {"WS2": first, "WS3": last}, kind
        [message] = caplog.messages
        assert f"2 of 4 visits of {KEY} can't be read" in message
        assert "the first is line 2" in message
        assert len(message) < 500, kind


def test_fields_of_later_releases_are_kept(store: Store) -> None:
    store.put(KEY, gzip.compress(as_line(weight=3) + b"\n"))
    [read] = visits.read(store, KEY).values()
    visits.write(store, KEY, [read])
    assert json.loads(gzip.decompress(store.get(KEY)))["weight"] == 3


def test_visits_of_the_first_releases_are_read(store: Store) -> None:
    """They wrote times with an offset, and absent fields as null."""
    old = json.dumps(
        {
            "article_id": "WS1",
            "url": VISIT.url,
            "printed_day": "202202/18",
            **dict.fromkeys(("created_at", "visited_at", "listed_at"), "2022-02-18T00:00:00+00:00"),
            "pages": [
                {
                    "original": {
                        "url": VISIT.url,
                        "record_id": "urn:x",
                        "captured_at": "2022-02-18T00:00:00+00:00",
                    },
                    "etag": '"1"',
                    "last_modified": None,
                }
            ],
            "version": None,
            "content_sha256": None,
        }
    )
    store.put(KEY, gzip.compress(f"{old}\n".encode()))
    assert visits.read(store, KEY) == {"WS1": VISIT}


def test_what_is_written_can_be_read_and_the_oldest_are_left_out(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    many = [
        attrs.evolve(VISIT, article_id=f"WS{number:03}", listed_at=NOW + timedelta(days=number * 7 % 100))
        for number in range(100)
    ]
    size = len(json.dumps(many[0].to_json())) + 1
    monkeypatch.setattr(visits, "MOST", 30 * size + size // 2)
    visits.write(store, KEY, many)
    found = visits.read(store, KEY)
    assert list(found.values()) == sorted(
        sorted(many, key=lambda each: each.listed_at)[70:], key=lambda v: v.article_id
    )
    assert "70 of 100 visits" in caplog.text
    assert KEY in caplog.text
