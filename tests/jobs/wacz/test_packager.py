import errno
import gzip
import itertools
import json
import logging
import re
import subprocess
import zipfile
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import IO

import attrs
import pytest

from pressmark.archive.s3.store import WARC
from pressmark.archive.warc import cdxj
from pressmark.archive.warc.response import response_of
from pressmark.errors import FindingsFound
from pressmark.jobs.wacz import writer, zipnum
from pressmark.jobs.wacz.packager import Packager
from pressmark.jobs.wacz.validate import verify_packages
from pressmark.model import keys
from tests.jobs.wacz.conftest import FIRST, LAMP, SECOND, SITE, URL, Days, listed
from tests.support.samples import SHANGHAI

ROOT = Path(__file__).parents[3]


def opened(days: Days, day: object = FIRST) -> zipfile.ZipFile:
    return zipfile.ZipFile(BytesIO(days.store.get(f"wacz/{SITE}/{day}.wacz")))


def lines(package: zipfile.ZipFile) -> list[tuple[str, dict[str, str]]]:
    """Return URL key and facts of all lines of a package's index, read as a player does: by members."""
    head, *members = package.read("indexes/index.idx").decode().splitlines()
    assert json.loads(head.removeprefix("!meta 0 ")) == {"format": "cdxj-gzip-1.0", "filename": "index.cdx.gz"}
    data, found = package.read("indexes/index.cdx.gz"), list[str]()
    for each in members:
        at, place = each.split(" {")[0], json.loads("{" + each.split(" {")[1])
        some = gzip.decompress(data[place["offset"] :][: place["length"]]).decode().splitlines()
        assert some[0].startswith(at + " {")
        found += some
    assert found == sorted(found)
    return [(line.split(" ")[0], json.loads(line.split(" ", 2)[2])) for line in found]


def replayed(package: zipfile.ZipFile, url: str) -> list[bytes]:
    """Return the bodies that a package has of a URL."""
    bodies = []
    for _, facts in lines(package):
        if facts["url"] == url and facts.get("mime") != cdxj.REVISIT:
            warc = package.read(f"archive/{facts['filename']}")
            bodies.append(response_of(warc[int(facts["offset"]) :][: int(facts["length"])]).body)
    return bodies


def test_a_package_has_all_of_a_day_and_the_fields_own_tool_finds_it_right(days: Days, tmp_path: Path) -> None:
    with days.crawl(FIRST, 9) as crawl:
        crawl.publish(crawl.page())
        crawl.page(LAMP, b"lamp", "image/jpeg")
    with days.crawl(FIRST, 15) as crawl:
        crawl.page("https://news.example/world", b"<a>")
    made = days.package(FIRST)
    assert (made.segments, made.referred, made.lost, made.pages, made.changed, made.problem) == (2, 0, 0, 1, True, None)

    path = tmp_path / "day.wacz"
    path.write_bytes(days.store.get(keys.package(SITE, FIRST)))
    assert made.size == path.stat().st_size
    checked = subprocess.run(
        [ROOT / ".replay/bin/wacz", "validate", "-f", path], check=False, capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "the passed WACZ is valid" in checked.stdout

    package = opened(days)
    stored = {each.filename for each in package.infolist() if each.compress_type == zipfile.ZIP_STORED}
    warcs = {f"archive/{key.split('/')[-1]}": key for key in days.store.keys("warc/") if key.endswith(".gz")}
    assert stored == {*warcs, "indexes/index.cdx.gz"}, "players read parts of these"
    for name, key in warcs.items():
        assert package.read(name) == days.store.get(key)
    assert [(key, facts["url"]) for key, facts in lines(package)] == [
        ("example,img)/1.jpeg", LAMP),
        ("example,news)/a/202202/18/ws620eee0ba310cdd1c5c1d2a3.html", URL),
        ("example,news)/world", "https://news.example/world"),
    ]
    assert not list(verify_packages(days.store))


def test_its_pages_name_the_version_read_from_each(days: Days) -> None:
    with days.crawl(FIRST) as crawl:
        crawl.publish(crawl.page())
        crawl.page(f"{URL.removesuffix('.html')}_2.html", b"<p>its second page</p>")
    with days.crawl(FIRST, 11) as crawl:
        crawl.page(URL, b"<h1>Lamps lit</h1><!-- another advertisement -->")
    with days.crawl(FIRST, 12) as crawl:
        later = datetime(2022, 2, 18, 12, 0, tzinfo=SHANGHAI)
        crawl.publish(crawl.page(URL, b"<h1>Lamps out</h1>"), headline="Lamps out", updated_at=later)
    days.package(FIRST)
    pages = listed(opened(days).read("pages/pages.jsonl"))
    assert [(each["title"], each["version"].split("-")[-1]) for each in pages] == [
        ("Lamps lit", pages[0]["version"].split("-")[-1]),
        ("Lamps lit", pages[0]["version"].split("-")[-1]),
        ("Lamps out", pages[2]["version"].split("-")[-1]),
    ]
    assert pages[0]["version"] != pages[2]["version"]
    assert {each["url"] for each in pages} == {URL}
    assert [each["ts"] for each in pages] == [f"2026-11-24T{hour}:00:01.000000Z" for hour in (10, 11, 12)]
    assert all(days.store.get(each["key"]) for each in pages)
    assert len({each["id"] for each in pages}) == 3


def test_a_day_stands_alone_though_its_captures_refer_to_another_day(days: Days) -> None:
    with days.crawl(FIRST) as crawl:
        page, lamp = crawl.page(), crawl.page(LAMP, b"lamp", "image/jpeg")
        crawl.page("https://news.example/other", b"<h1>Nobody asks</h1>")
        crawl.publish(page)
    with days.crawl(SECOND) as crawl:
        crawl.unchanged(page)
        crawl.again(LAMP, b"lamp", lamp, "image/jpeg")
    made = days.package(SECOND)
    assert (made.segments, made.referred, made.lost, made.pages) == (1, 2, 0, 1)
    package = opened(days, SECOND)
    assert replayed(package, URL) == [b"<h1>Lamps lit</h1>"]
    assert replayed(package, LAMP) == [b"lamp"]
    assert replayed(package, "https://news.example/other") == []
    assert "304" not in {facts.get("status") for _, facts in lines(package)}
    [entry] = listed(package.read("pages/pages.jsonl"))
    assert (entry["title"], entry["ts"][:10]) == ("Lamps lit", "2026-11-24")


def test_what_is_referred_to_may_be_in_a_segment_that_began_before_midnight(days: Days) -> None:
    with days.crawl(FIRST, 23) as crawl:
        crawl.at += timedelta(hours=1, minutes=2)
        page = crawl.page()
    with days.crawl(SECOND) as crawl:
        crawl.unchanged(page)
    assert page.captured_at.date() == SECOND
    assert days.package(SECOND).referred == 1
    assert replayed(opened(days, SECOND), URL) == [b"<h1>Lamps lit</h1>"]


def test_a_run_across_midnight_is_in_the_packages_of_both_days(days: Days) -> None:
    with days.crawl(FIRST, 23) as crawl:
        crawl.publish(crawl.page())
        crawl.page("https://img.example/style.css", b"p {}", "text/css")
    with days.crawl(SECOND, 0, goes_on=True) as crawl:
        crawl.page(LAMP, b"lamp", "image/jpeg")
    with days.crawl(SECOND, 9) as crawl:
        crawl.page("https://img.example/another.jpeg", b"other", "image/jpeg")
    assert [days.package(day).segments for day in (FIRST, SECOND)] == [2, 3]
    for day in (FIRST, SECOND):
        assert replayed(opened(days, day), LAMP) == [b"lamp"]
        assert replayed(opened(days, day), "https://img.example/style.css") == [b"p {}"]
        assert not list(verify_packages(days.store))
    assert replayed(opened(days), "https://img.example/another.jpeg") == []


def test_a_segment_that_was_cut_anywhere_makes_no_package(days: Days) -> None:
    with days.crawl(FIRST) as crawl:
        crawl.page()
    [key] = [key for key in days.store.keys("warc/") if key.endswith(".gz")]
    whole = days.store.get(key)
    for end in range(1, len(whole), 97):
        days.store.put(key, whole[:end])
        [made] = Packager(days.store, SITE).every()
        if made.problem is None:  # Between two records: nothing in the file says that there were more.
            assert gzip.decompress(whole[:end])
        else:
            assert f"{key} is no whole WARC" in made.problem
            assert not made.changed


def test_a_day_that_finds_no_room_does_not_hold_the_next_ones_up(days: Days, monkeypatch: pytest.MonkeyPatch) -> None:
    for day in (FIRST, SECOND):
        with days.crawl(day) as crawl:
            crawl.page()
    add = writer.Writer.add

    def full(self: writer.Writer, path: str, file: IO[bytes]) -> None:
        if "-r1-" in path:
            raise OSError(errno.ENOSPC, "No space left on device")
        add(self, path, file)

    monkeypatch.setattr(writer.Writer, "add", full)
    done = list(Packager(days.store, SITE).changed())
    assert [(each.day, each.changed) for each in done] == [(FIRST, False), (SECOND, True)]
    assert "No space left on device. Make room, or set TMPDIR" in str(done[0].problem)
    monkeypatch.undo()
    assert days.changed() == [FIRST]


def test_what_is_stopped_goes_on_with_the_day_at_hand(days: Days) -> None:
    for day in (FIRST, SECOND):
        with days.crawl(day) as crawl:
            crawl.page()
    assert next(Packager(days.store, SITE).changed()).day == FIRST
    assert [each.day for each in Packager(days.store, SITE).changed()] == [SECOND]


def test_what_was_taken_down_is_reported_and_the_rest_packaged(days: Days, caplog: pytest.LogCaptureFixture) -> None:
    with days.crawl(FIRST) as crawl:
        page = crawl.page()
    with days.crawl(SECOND) as crawl:
        crawl.unchanged(page)
        crawl.page(LAMP, b"lamp", "image/jpeg")
    [warc] = [key for key in days.store.keys("warc/news/2026/11/24/") if key.endswith(".gz")]
    days.store.client.delete_object(Bucket=days.store.bucket, Key=warc)
    with caplog.at_level(logging.WARNING):
        made = days.package(SECOND)
    assert (made.referred, made.lost, made.problem) == (0, 1, None)
    assert page.record_id in caplog.text
    assert replayed(opened(days, SECOND), LAMP) == [b"lamp"]
    assert made.again is (datetime.now(UTC).date() - SECOND < timedelta(days=7))
    old = attrs.evolve(made, day=SECOND - timedelta(days=100))
    assert not old.again, "it will not arrive any more"


def test_the_same_again_is_left_alone_and_more_is_written(days: Days) -> None:
    with days.crawl(FIRST) as crawl:
        crawl.page()
    assert days.changed() == [FIRST]
    before = days.store.get(keys.package(SITE, FIRST))
    assert days.changed() == []
    assert not days.package(FIRST).changed
    days.store.client.delete_object(Bucket=days.store.bucket, Key=keys.package(SITE, FIRST))
    assert days.package(FIRST).changed
    assert days.store.get(keys.package(SITE, FIRST)) == before
    with days.crawl(FIRST, 12) as crawl:
        crawl.page(LAMP, b"lamp", "image/jpeg")
    with days.crawl(SECOND) as crawl:
        crawl.page()
    assert days.changed() == [FIRST, SECOND]
    assert [each.day for each in Packager(days.store, SITE).every()] == [FIRST, SECOND]


def test_todays_package_is_held_until_it_is_old_enough(days: Days) -> None:
    today = datetime.now(UTC).date()
    with days.crawl(today, 0) as crawl:
        crawl.page()
    hold = timedelta(hours=1)
    assert days.changed(hold=hold) == [today], "there is no package yet"
    with days.crawl(today, 0) as crawl:
        crawl.page(LAMP, b"lamp", "image/jpeg")
    assert days.changed(hold=hold) == []
    assert days.changed(hold=timedelta(0)) == [today], "it was not forgotten"


def test_a_day_without_a_capture_has_no_package(days: Days) -> None:
    assert days.package(FIRST).segments == 0
    assert list(days.store.keys("wacz/")) == []


def test_a_damaged_segment_makes_no_package_and_the_day_is_tried_again(days: Days) -> None:
    for day in (FIRST, SECOND):
        with days.crawl(day) as crawl:
            crawl.page()
    [key] = [key for key in days.store.keys("warc/news/2026/11/24/") if key.endswith(".gz")]
    whole = days.store.get(key)
    days.store.put(key, whole[:200] + b"xxxx" + whole[204:])
    with pytest.raises(FindingsFound, match=r"is no whole WARC.*verify --full"):
        days.package(FIRST)
    done = list(Packager(days.store, SITE).changed())
    assert [(each.day, each.changed, bool(each.problem)) for each in done] == [
        (FIRST, False, True),
        (SECOND, True, False),
    ]
    days.store.put(key, whole)
    assert days.changed() == [FIRST]


def test_a_broken_document_costs_its_page_alone(days: Days) -> None:
    with days.crawl(FIRST) as crawl:
        crawl.publish(crawl.page())
        later = datetime(2022, 2, 18, 12, 0, tzinfo=SHANGHAI)
        crawl.publish(crawl.page(URL, b"<h1>Lamps out</h1>"), headline="Lamps out", updated_at=later)
    first, second = days.store.keys("articles/")
    data = json.loads(days.store.get(first))
    for broken in (b"no JSON", json.dumps(data | {"headline": None}).encode(), b'{"pressmark": {"captures": []}}'):
        days.store.put(first, broken)
        made = days.package(FIRST)
        assert first in str(made.problem)
        assert [each["key"] for each in listed(opened(days).read("pages/pages.jsonl"))] == [second]


def test_an_index_of_many_lines_is_read_by_parts() -> None:
    many = sorted(f"com,example)/{number} 20261124000000 {{}}\n".encode() for number in range(2 * zipnum.LINES + 1))
    data = BytesIO()
    head, *members = zipnum.write(many, data).splitlines()
    assert head.startswith(b"!meta 0 ")
    assert [each.partition(b" {")[0] for each in members] == [
        many[start].partition(b" {")[0] for start in (0, zipnum.LINES, 2 * zipnum.LINES)
    ]
    assert gzip.decompress(data.getvalue()) == b"".join(many)
    last = json.loads(members[-1][members[-1].index(b"{") :])
    assert gzip.decompress(data.getvalue()[last["offset"] :]) == many[-1]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("WARC-Date", "0001-01-01T00:00:00+14:00"),
        ("WARC-Date", "2026-11"),
        ("WARC-Date", "yesterday"),
        ("WARC-Refers-To-Date", "0001-01-01T00:00:00Z"),
        ("WARC-Refers-To-Date", "9999-12-31T23:59:59-10:00"),
    ],
)
def test_a_foreign_warc_with_an_odd_time_stops_no_other_day(days: Days, field: str, value: str) -> None:
    with days.crawl(FIRST) as crawl:
        page = crawl.page()
        crawl.unchanged(page)
    with days.crawl(SECOND) as crawl:
        crawl.page()
    [key] = [key for key in days.store.keys(keys.segments(SITE, FIRST)) if key.endswith(".warc.gz")]
    data = gzip.decompress(days.store.get(key))
    odd = re.sub(f"{field}: [^\r]*".encode(), f"{field}: {value}".encode(), data)
    starts = [found.start() for found in re.finditer(rb"WARC/1\.1\r\n", odd)]
    parts = [odd[start:stop] for start, stop in itertools.pairwise([*starts, len(odd)])]
    days.store.put(key, b"".join(map(gzip.compress, parts)), WARC)
    first, second = Packager(days.store, SITE).every()
    assert first.problem
    assert (second.day, second.changed, second.problem) == (SECOND, True, None)


def test_a_package_of_no_day_of_a_crawl_is_left_alone(days: Days) -> None:
    with days.crawl(FIRST) as crawl:
        crawl.page()
    for day in ("0001-01-01", "9999-12-31"):
        days.store.put(f"wacz/{SITE}/{day}.wacz", b"")
    assert [each.day for each in Packager(days.store, SITE).every() if each.changed] == [FIRST]


def test_a_day_that_no_zip_can_write_is_packaged(days: Days) -> None:
    with days.crawl(date(1970, 1, 2)) as crawl:
        crawl.page()
    [made] = Packager(days.store, SITE).every()
    assert (made.changed, made.problem) == (True, None)
    assert {info.date_time[:3] for info in opened(days, made.day).infolist()} == {(1980, 1, 1)}
