"""Indexes that anybody may have written: unreadable parts are left out, and nothing raises."""

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from pressmark.archive.s3.store import TEXT, Store
from pressmark.archive.warc import cdxj
from pressmark.archive.warc.robots_copy import RobotsCopies

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
URL = "https://news.example/robots.txt"
SOUND = {
    "url": URL,
    "mime": "text/plain",
    "status": "200",
    "digest": "sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ",
    "length": "512",
    "offset": "0",
    "filename": "news-1.warc.gz",
    "warc-record-id": "<urn:uuid:12345678-1234-5678-1234-567812345678>",
    "warc-date": "2026-11-27T11:00:00.000000Z",
}
ODD: dict[str, Mapping[str, object]] = {
    "time out of range": {"warc-date": "0001-01-01T00:00:00+14:00"},
    "time of no zone": {"warc-date": "2026-11-27T11:00:00"},
    "time of a number": {"warc-date": 7},
    "length 0": {"length": "0"},
    "negative offset": {"offset": "-1"},
    "huge offset": {"offset": "1" + 18 * "0"},
    "digits of another script": {"offset": "١"},
    "offset of an object": {"offset": {}},
    "long name": {"filename": 2000 * "n"},
    "no name": {"filename": ""},
    "name with escapes": {"filename": "a\x1b[2J.warc.gz"},
    "name of a folder above": {"filename": "../../b.warc.gz"},
    "url of a number": {"url": 7},
    "digest of a list": {"digest": []},
    "no digest": {"digest": None},
    "id of nothing": {"warc-record-id": "<>"},
    "status of a word": {"status": "fine"},
}


def line(facts: Mapping[str, object]) -> str:
    return f"example,news)/robots.txt 20261127110000 {json.dumps(facts)} \n"


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_an_odd_line_is_left_out_and_the_others_are_read(
    store: Store, odd: Mapping[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    other = {**SOUND, "url": "https://news.example/other"}
    store.put("warc/news/2026/11/27/news-1.cdxj", (line({**SOUND, **odd}) + line(other)).encode(), TEXT)
    assert list(cdxj.captures(store, "news", NOW)) == ["https://news.example/other"]
    with caplog.at_level(logging.WARNING):
        assert RobotsCopies(store, "news", NOW, {}).last(URL) is None
    assert odd == ODD["url of a number"] or "warc/news/2026/11/27/news-1.cdxj" in caplog.text


def test_an_index_that_is_too_large_or_no_text_is_left_out(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put("warc/news/2026/11/27/news-1.cdxj", line(SOUND).encode(), TEXT)
    store.put("warc/news/2026/11/27/news-2.cdxj", line({**SOUND, "url": "https://b.example/"}).encode() * 2, TEXT)
    store.put("warc/news/2026/11/27/news-3.cdxj", b"\xff\xfe" + line(SOUND).encode(), TEXT)
    monkeypatch.setattr(cdxj, "MOST", len(line(SOUND)) + 10)
    assert list(cdxj.captures(store, "news", NOW)) == [URL]
