import hashlib
import json
import logging
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pressmark.archive.s3 import conditional_write
from pressmark.archive.s3.store import JSON, TEXT, Store, Stored
from pressmark.archive.warc import cdxj
from pressmark.errors import BucketError, BucketUnreachable
from pressmark.jobs import monthly_index
from pressmark.jobs.monthly_index import Merged, Merger
from pressmark.model import keys
from pressmark.system.external_sort import SortedLines

PLACES = [("2026/10/31", "a"), ("2026/11/01", "a"), ("2026/11/01", "b"), ("2026/11/30", "c")]
URLS = ["https://news.example/", "https://news.example/é x", 'https://b.example/?q="filename": "x"']


def line(name: str, number: int, url: str = URLS[0]) -> str:
    """Return a line of a segment's index, as `cdxj.index` makes it; the same number gives the same line."""
    facts = {"url": url, "length": "1", "offset": str(number), "filename": name, "warc-record-id": f"<urn:x:{number}>"}
    return f"com,example,news)/{url[-3:]} 202611010000{number:02d} {json.dumps(facts)}\n"


def put(store: Store, day: str, name: str, *numbers: int, site: str = "news") -> None:
    """Put a segment's index: lines of these numbers."""
    segment = f"{site}-{name}.warc.gz"
    lines = sorted({line(segment, number, URLS[number % 3]) for number in numbers})
    store.put(f"warc/{site}/{day}/{site}-{name}.cdxj", "".join(lines).encode(), TEXT)


def wanted(store: Store, site: str = "news") -> dict[str, bytes]:
    """Return what each month's index has to be: all lines of its segments, sorted as `LC_ALL=C sort -u` does it."""
    months: dict[str, set[bytes]] = {}
    for key in store.keys(f"warc/{site}/"):
        _, _, year, month, _, name = key.split("/")
        segment = name.replace(".cdxj", ".warc.gz").encode()
        moved = key.replace(".cdxj", ".warc.gz").encode()
        lines = store.get(key).splitlines(keepends=True)
        months.setdefault(f"{year}-{month}", set()).update(
            each.replace(b'"filename": "' + segment, b'"filename": "' + moved) for each in lines
        )
    return {keys.index(site, month): b"".join(sorted(lines)) for month, lines in months.items()}


def indexes(store: Store, site: str = "news") -> dict[str, bytes]:
    return {key: store.get(key) for key in store.keys(f"index/{site}/") if key.endswith(".cdxj")}


def merge(store: Store, *, rebuild: bool = False) -> list[tuple[str, int, int, bool]]:
    return [summary(each) for each in Merger(store, "news").months(rebuild=rebuild)]


def summary(each: Merged) -> tuple[str, int, int, bool]:
    return each.month, each.segments, each.added, each.changed


def test_a_month_has_all_lines_of_its_segments_once_and_in_order(store: Store) -> None:
    for number, (day, name) in enumerate(PLACES):
        put(store, day, name, number, number + 1, 7)
    put(store, "2026/11/02", "with-304s-only")
    read: list[None] = []
    done = list(Merger(store, "news", lambda: read.append(None)).months())
    assert [summary(each) for each in done] == [("2026-10", 1, 1, True), ("2026-11", 4, 4, True)]
    assert [each.lines for each in done] == [3, 9]
    assert indexes(store) == wanted(store)
    assert len(read) == 5
    first = json.loads(indexes(store)["index/news/2026-10.cdxj"].split(b"\n")[0].split(b" ", 2)[2])
    assert first["filename"] == "warc/news/2026/10/31/news-a.warc.gz"


def test_what_is_merged_is_not_read_again(store: Store) -> None:
    put(store, "2026/10/31", "a", 1)
    put(store, "2026/11/01", "a", 2)
    merge(store)
    before = dict(store.sizes("index/")), conditional_write.etag(store, "index/news/2026-10.cdxj")
    assert merge(store) == [("2026-10", 1, 0, False), ("2026-11", 1, 0, False)]
    put(store, "2026/10/01", "recovered-late", 3)
    assert merge(store) == [("2026-10", 2, 1, True), ("2026-11", 1, 0, False)]
    assert indexes(store) == wanted(store)
    assert before[1] != conditional_write.etag(store, "index/news/2026-10.cdxj")
    assert before[0]["index/news/2026-11.cdxj"] == dict(store.sizes("index/"))["index/news/2026-11.cdxj"]


def test_of_months_long_ago_only_those_without_an_index_are_looked_at(store: Store) -> None:
    for day in ("2026/09/30", "2026/10/31", "2026/11/01"):
        put(store, day, "a", 1)
    merge(store)
    for day, name in (("2026/09/30", "late"), ("2026/11/02", "b"), ("2025/01/01", "of a copied archive")):
        put(store, day, name, 2)
    done = [summary(each) for each in Merger(store, "news").months(since="2026-10")]
    assert done == [("2025-01", 1, 1, True), ("2026-10", 1, 0, False), ("2026-11", 2, 1, True)]
    assert merge(store)[1] == ("2026-09", 2, 1, True)


batch = st.lists(st.tuples(st.sampled_from(PLACES), st.integers(0, 9), st.sets(st.integers(0, 30))), max_size=5)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.tuples(batch, st.sampled_from(["", "lost note", "lost index", "all"])), max_size=4))
def test_whatever_comes_in_whichever_order_no_line_is_lost(store: Store, batches: list[Any]) -> None:
    site = f"news{uuid.uuid4().hex[:8]}"
    for segments, accident in batches:
        for (day, name), serial, numbers in segments:
            put(store, day, f"{name}{serial}", *numbers, site=site)
        if accident.startswith("lost"):
            for key in store.keys(f"index/{site}/"):
                if key.endswith(".merged" if accident == "lost note" else ".cdxj"):
                    store.client.delete_object(Bucket=store.bucket, Key=key)
        list(Merger(store, site).months(rebuild=accident == "all"))
        assert indexes(store, site) == wanted(store, site)


def delete(store: Store, *gone: str) -> None:
    for key in gone:
        store.client.delete_object(Bucket=store.bucket, Key=key)


def shorten(store: Store, key: str) -> None:
    store.put(key, store.get(key)[:-50], TEXT)


ACCIDENTS: dict[str, Callable[[Store], object]] = {
    "the index is gone": lambda store: delete(store, "index/news/2026-11.cdxj"),
    "the note is gone": lambda store: delete(store, "index/news/2026-11.merged"),
    "both are gone": lambda store: delete(store, *store.keys("index/")),
    "a hand was at the index": lambda store: shorten(store, "index/news/2026-11.cdxj"),
    "a hand was at the note": lambda store: shorten(store, "index/news/2026-11.merged"),
    "the note is of another kind": lambda store: store.put("index/news/2026-11.merged", b'{"etag": "x"}', JSON),
    "a segment was taken down": lambda store: delete(store, "warc/news/2026/11/01/news-a.cdxj"),
    "a segment's index was repaired": lambda store: put(store, "2026/11/01", "a", 1, 5, 6),
}


@pytest.mark.parametrize("accident", ACCIDENTS)
def test_a_month_whose_index_is_not_that_of_its_note_is_made_again(store: Store, accident: str) -> None:
    for number, (day, name) in enumerate(PLACES[1:]):
        put(store, day, name, number, number + 1)
    merge(store)
    ACCIDENTS[accident](store)
    merge(store)
    assert indexes(store) == wanted(store)
    [(_, _, added, changed)] = merge(store)
    assert (added, changed) == (0, False)


def test_when_all_segments_of_a_month_are_gone_its_index_is_empty(store: Store) -> None:
    put(store, "2026/11/01", "a", 1)
    merge(store)
    delete(store, "warc/news/2026/11/01/news-a.cdxj")
    assert merge(store) == [("2026-11", 0, 0, True)]
    assert indexes(store) == {"index/news/2026-11.cdxj": b""}
    assert merge(store) == [("2026-11", 0, 0, False)]


def test_all_months_again_leave_what_is_right_as_it_is(store: Store) -> None:
    put(store, "2026/11/01", "a", 1)
    merge(store)
    before = conditional_write.etag(store, "index/news/2026-11.cdxj")
    assert merge(store, rebuild=True) == [("2026-11", 1, 1, False)]
    assert conditional_write.etag(store, "index/news/2026-11.cdxj") == before
    put(store, "2026/11/01", "b", 2)
    assert merge(store, rebuild=True) == [("2026-11", 2, 2, True)]
    assert indexes(store) == wanted(store)


def test_where_nothing_was_captured_there_is_no_index(store: Store) -> None:
    assert merge(store) == []
    assert summary(Merger(store, "news").merge("2026-11")) == ("2026-11", 0, 0, False)
    assert list(store.keys("index/")) == []


@attrs.frozen
class Failing(Store):
    """The real store, which goes away before the note is written."""

    def put(self, key: str, data: bytes, content_type: str = JSON) -> Stored:
        raise BucketUnreachable(key)


def test_killed_before_the_note_it_is_done_again(store: Store) -> None:
    put(store, "2026/11/01", "a", 1)
    merge(store)
    put(store, "2026/11/01", "b", 2)
    with pytest.raises(BucketUnreachable, match=r"index/news/2026-11\.merged"):
        merge(Failing(store.bucket, store.client))
    assert indexes(store) == wanted(store)
    put(store, "2026/11/01", "c", 3)
    assert merge(store) == [("2026-11", 3, 3, True)]
    assert indexes(store) == wanted(store)


@pytest.mark.parametrize("before", ["etag", "put_if_unchanged"])
@pytest.mark.parametrize("rebuild", [True, False])
@pytest.mark.parametrize("first", [True, False])
def test_another_who_merges_in_between_loses_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch, before: str, rebuild: bool, first: bool
) -> None:
    put(store, "2026/11/01", "a", 1)
    if not first:
        merge(store)
    put(store, "2026/11/01", "b", 2)
    call = getattr(conditional_write, before)

    def late(*words: Any) -> str | None:
        monkeypatch.setattr(conditional_write, before, call)
        put(store, "2026/11/01", "c", 3)
        merge(store)
        return call(*words)

    monkeypatch.setattr(conditional_write, before, late)
    Merger(store, "news").merge("2026-11", rebuild=rebuild)
    assert indexes(store) == wanted(store)
    assert b"news-c.warc.gz" in indexes(store)["index/news/2026-11.cdxj"]


def test_an_index_that_goes_while_it_is_merged_is_done_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store, "2026/11/01", "a", 1)
    merge(store)
    put(store, "2026/11/01", "b", 2)
    write = conditional_write.put_if_unchanged

    def late(*words: Any) -> str | None:
        monkeypatch.setattr(conditional_write, "put_if_unchanged", write)
        delete(store, "index/news/2026-11.cdxj")
        return write(*words)

    monkeypatch.setattr(conditional_write, "put_if_unchanged", late)
    assert merge(store) == [("2026-11", 2, 2, True)]
    assert indexes(store) == wanted(store)


def test_it_does_not_try_for_ever(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store, "2026/11/01", "a", 1)
    monkeypatch.setattr(conditional_write, "put_if_unchanged", lambda *words: None)
    with pytest.raises(BucketError, match=r"2026-11\.cdxj keeps being written by others"):
        merge(store)


def test_several_at_once_lose_no_line(store: Store) -> None:
    ready = threading.Barrier(3, timeout=60)

    def work(worker: int) -> None:
        ready.wait()
        for number in range(6):
            put(store, "2026/11/01", f"{worker}-{number}", worker * 10 + number)
            merge(store)

    workers = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert indexes(store) == wanted(store)  # After the last of them, though one may have overwritten another's note.
    assert merge(store)[0][1] == 18
    assert indexes(store) == wanted(store)


@pytest.mark.parametrize("came", ["older", "html"])
def test_an_old_index_that_comes_wrong_loses_no_line(
    store: Store, monkeypatch: pytest.MonkeyPatch, came: str, caplog: pytest.LogCaptureFixture
) -> None:
    put(store, "2026/11/01", "a", 1)
    merge(store)
    older = store.get("index/news/2026-11.cdxj")
    put(store, "2026/11/01", "b", 2)
    merge(store)
    put(store, "2026/11/01", "c", 3)
    data = older if came == "older" else b"<html><p>Log in</p></html>\n"

    def fetch(self: Store, key: str, file: IO[bytes]) -> Stored:
        """Read a cached copy of it."""
        file.write(data)
        return Stored(key, len(data), hashlib.sha256(data).hexdigest())

    with monkeypatch.context() as patched:
        patched.setattr(Store, "fetch", fetch)
        assert merge(store) == [("2026-11", 3, 3, True)]
    assert indexes(store) == wanted(store)
    assert "does not match its note's SHA-256" in caplog.text


def test_an_index_that_is_too_large_is_left_out_and_reported(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store, "2026/11/01", "a", 1)
    put(store, "2026/11/01", "b", 2, 3, 4)
    monkeypatch.setattr(cdxj, "MOST", 300)
    [done] = Merger(store, "news").months()
    assert (done.segments, done.lines) == (1, 1)
    assert "warc/news/2026/11/01/news-b.cdxj has" in done.problems[0]


@pytest.mark.parametrize("broken", [b"x", b"\xff\n", b"com)/ 20261101000001 {}\n", b"com)/ 20261101000001 {\n"])
def test_an_index_that_is_none_is_left_out_and_reported_until_it_is_repaired(store: Store, broken: bytes) -> None:
    put(store, "2026/11/01", "a", 1)
    store.put("warc/news/2026/11/01/news-b.cdxj", line("news-b.warc.gz", 2).encode() + broken, TEXT)
    for changed in (True, False):
        [done] = Merger(store, "news").months()
        assert (done.segments, done.lines, done.changed) == (1, 1, changed)
        assert "warc/news/2026/11/01/news-b.cdxj" in done.problems[0]
    put(store, "2026/11/01", "b", 2)
    [done] = Merger(store, "news").months()
    assert (done.segments, done.problems) == (2, ())
    assert indexes(store) == wanted(store)


def test_a_note_that_can_not_be_read_is_reported(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    put(store, "2026/11/01", "a", 1)
    store.put("index/news/2026-11.merged", b"{", JSON)
    with caplog.at_level(logging.WARNING):
        merge(store)
    assert "2026-11.merged can't be read" in caplog.text


@given(lines=st.lists(st.binary(max_size=3)), others=st.lists(st.binary(max_size=3)), at_once=st.integers(1, 20))
def test_lines_are_sorted_though_memory_holds_few(lines: list[bytes], others: list[bytes], at_once: int) -> None:
    put_in = [each.replace(b"\n", b"") + b"\n" for each in lines]
    there = sorted(each.replace(b"\n", b"") + b"\n" for each in others)
    with SortedLines(at_once) as sorted_lines:
        sorted_lines.add(put_in)
        assert list(sorted_lines.in_order(there)) == sorted({*put_in, *there})


def test_it_leaves_no_file(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monthly_index.tempfile, "tempdir", str(tmp_path))
    put(store, "2026/11/01", "a", 1)
    merge(store)
    assert list(tmp_path.iterdir()) == []
