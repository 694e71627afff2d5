import gzip
import json
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any

import attrs
import pyarrow.parquet as pq
import pytest

from pressmark.archive.bucket import manifest
from pressmark.archive.s3.store import Store
from pressmark.jobs.export import SCHEMA, Exporter
from pressmark.model import keys
from pressmark.model.document import timestamp, to_bytes, with_captures
from tests.support.manifests import manifest_of
from tests.support.samples import article, capture, document

DAY = date(2022, 2, 18)
LATE = date(2022, 2, 19)


def publish(store: Store, run_id: str, **changes: Any) -> str:
    """Publish a version as a run does: the document, then a manifest that lists it."""
    made = with_captures(document(**changes), [capture()])
    day = "2022/02/19" if "/202202/19/" in made["url"] else "2022/02/18"
    stored = store.put_new(keys.version("news", day, article(**changes).version), to_bytes(made))
    assert stored
    began = datetime(2022, 2, 20 + int(run_id[-1]), tzinfo=UTC)
    ended_at = timestamp(began + timedelta(minutes=5))
    objects = [attrs.asdict(stored)]
    manifest.write(store, manifest_of(began, run_id, section="world", ended_at=ended_at, objects=objects))
    return stored.key


def rows(store: Store, day: date = DAY) -> list[dict[str, Any]]:
    table = pq.read_table(BytesIO(store.get(keys.export_parquet("news", day))))
    assert table.schema.equals(SCHEMA)
    made: list[dict[str, Any]] = table.to_pylist()
    return made


def lines(store: Store, day: date = DAY) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress(store.get(keys.export_lines("news", day))).splitlines()]


def test_a_version_is_a_row_and_a_line(store: Store) -> None:
    key = publish(store, "r1")
    assert [(each.day, each.versions, each.changed) for each in Exporter(store, "news").changed()] == [(DAY, 1, True)]
    assert lines(store) == [json.loads(store.get(key))]
    [row] = rows(store)
    published = article()
    assert row["key"] == key
    assert row["version"] == str(published.version)
    assert (row["headline"], row["standfirst"], row["body"]) == (
        published.headline,
        published.standfirst,
        published.body,
    )
    assert row["authors"] == [{"name": "REN QI", "type": "Person", "location": "Moscow"}]
    assert row["contributors"] == [{"name": "Xinhua", "type": "Organization", "location": None}]
    assert row["images"] == [{"url": "https://img.example/1.jpeg", "caption": "A lamp.", "credit": "Photo/Agencies"}]
    assert row["updated_at"] == published.updated_at
    assert row["captured_at"] == capture().captured_at
    assert (row["warc"], row["warc_offset"], row["warc_length"]) == (capture().warc, 512, 4096)
    assert (row["pages"], row["corrected"]) == (1, False)


def test_what_a_page_does_not_have_is_null(store: Store) -> None:
    publish(store, "r1", standfirst=None, dateline=None, source=None, section=None, authors=(), images=(), keywords=())
    list(Exporter(store, "news").changed())
    [row] = rows(store)
    assert {name for name in row if row[name] is None} == {"standfirst", "dateline", "source", "section"}
    assert row["authors"] == row["images"] == row["keywords"] == []


def test_a_late_version_makes_its_day_again_and_no_other(store: Store) -> None:
    exporter = Exporter(store, "news")
    publish(store, "r1")
    publish(store, "r2", url="https://news.example/a/202202/19/WS620eee0ba310cdd1c5c1d2a4.html")
    assert [each.day for each in exporter.changed()] == [DAY, LATE]
    assert list(exporter.changed()) == []
    publish(store, "r3", updated_at=article().updated_at + timedelta(days=30))
    assert [(each.day, each.versions, each.changed) for each in exporter.changed()] == [(DAY, 2, True)]
    assert [row["updated_at"].day for row in rows(store)] == [18, 20]
    assert len(lines(store)) == 2


def test_the_same_versions_give_the_same_bytes(store: Store) -> None:
    exporter = Exporter(store, "news")
    publish(store, "r1")
    list(exporter.changed())
    before = store.get(keys.export_parquet("news", DAY)), store.get(keys.export_lines("news", DAY))
    assert [each.changed for each in exporter.every()] == [False]
    for key in (keys.export_parquet("news", DAY), keys.export_lines("news", DAY)):
        store.client.delete_object(Bucket=store.bucket, Key=key)
    assert exporter.export(DAY).changed
    assert (store.get(keys.export_parquet("news", DAY)), store.get(keys.export_lines("news", DAY))) == before


def test_a_correction_takes_the_place_of_its_version(store: Store) -> None:
    key = publish(store, "r1")
    corrected = json.loads(store.get(key))
    corrected["headline"] = "Lamps lit again"
    corrected["pressmark"] |= {"corrects": key, "layout": "chinadaily/2"}
    store.put_new(keys.correction(key, "chinadaily/2"), to_bytes(corrected))
    list(Exporter(store, "news").changed())
    [row] = rows(store)
    assert (row["headline"], row["corrected"], row["version"]) == ("Lamps lit again", True, str(article().version))


@pytest.mark.parametrize("name", ["headline", "articleBody", "url", "inLanguage", "wordCount", "identifier"])
def test_an_odd_version_is_named_and_stops_no_other_of_its_day_nor_another_day(store: Store, name: str) -> None:
    key = publish(store, "r1")
    publish(store, "r2", article_id="WS1")
    publish(store, "r3", url="https://news.example/a/202202/19/WS620eee0ba310cdd1c5c1d2a4.html")
    store.put(key, to_bytes({**json.loads(store.get(key)), name: None}))
    odd, other = Exporter(store, "news").changed()
    assert (odd.day, odd.versions, odd.changed, key in (odd.problem or "")) == (DAY, 1, True, True)
    assert [row["article_id"] for row in rows(store)] == [line["identifier"] for line in lines(store)] == ["WS1"]
    assert (other.day, other.changed, other.problem) == (LATE, True, None)
    assert [each.day for each in Exporter(store, "news").changed()] == [DAY], "it is tried again"


@pytest.mark.parametrize("broken", [b'{"pressmark": {}}', b"{", b"wrong type"])
def test_a_day_with_a_broken_object_holds_up_no_other_and_is_tried_again(store: Store, broken: bytes) -> None:
    first = publish(store, "r1")
    publish(store, "r2", url="https://news.example/a/202202/19/WS620eee0ba310cdd1c5c1d2a4.html")
    whole = store.get(first)
    store.put(first, to_bytes({**json.loads(whole), "headline": 7}) if broken == b"wrong type" else broken)
    bad, good = Exporter(store, "news").changed()
    assert first in (bad.problem or "")
    assert (good.day, good.changed, good.problem) == (LATE, True, None)
    [again] = Exporter(store, "news").changed()
    assert (again.day, again.problem) == (DAY, bad.problem)
    store.put(first, whole)
    assert [(each.day, each.changed) for each in Exporter(store, "news").changed()] == [(DAY, True)]
    assert list(Exporter(store, "news").changed()) == []


def test_a_note_keeps_fields_of_later_releases(store: Store) -> None:
    publish(store, "r1")
    list(Exporter(store, "news").changed())
    note = json.loads(store.get(keys.exported("news")))
    store.put(keys.exported("news"), json.dumps(note | {"later": [1]}).encode())
    publish(store, "r2", url="https://news.example/a/202202/19/WS620eee0ba310cdd1c5c1d2a4.html")
    assert [each.day for each in Exporter(store, "news").changed()] == [LATE]
    reached = json.loads(store.get(keys.exported("news")))
    assert reached["later"] == [1]
    assert reached["cursor"] != note["cursor"]


@pytest.mark.parametrize("note", [b"{", b"[]", b'{"cursor": "x", "again": []}', b'{"cursor": null}'])
def test_a_note_that_can_not_be_read_is_as_none(store: Store, note: bytes) -> None:
    publish(store, "r1")
    list(Exporter(store, "news").changed())
    store.put(keys.exported("news"), note)
    assert [(each.day, each.changed) for each in Exporter(store, "news").changed()] == [(DAY, False)]


def test_a_day_without_versions_has_no_files(store: Store) -> None:
    assert Exporter(store, "news").export(DAY).versions == 0
    assert list(store.keys("exports/")) == []
    assert list(Exporter(store, "news").changed()) == []


def test_every_column_is_described() -> None:
    assert [field.name for field in SCHEMA if not (field.metadata or {}).get(b"description")] == []


@pytest.mark.parametrize("count", [9_999_999_999_999_999_999, 2**40, -(2**70 // 1000), "many"])
def test_a_number_that_no_column_holds_stops_no_other_day(store: Store, count: object) -> None:
    key = publish(store, "run1")
    there = json.loads(store.get(key))
    store.put(key, to_bytes({**there, "wordCount": count}))
    publish(store, "run2", url=there["url"].replace("/202202/18/", "/202202/19/"))
    first, second = Exporter(store, "news").every()
    assert key in (first.problem or "")
    assert (second.versions, second.problem) == (1, None)
