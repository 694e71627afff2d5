"""The catalogue has the content of the exports, and follows them."""

import gzip
import json
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import attrs
import pytest

from pressmark.archive.s3.store import GZIP, Store
from pressmark.config import Config
from pressmark.model import keys
from pressmark.text import LONGEST_IN_LISTS
from pressmark.web.reading_room.search import query
from pressmark.web.reading_room.search.catalogue import Catalogue, SearchTimeout
from pressmark.web.reading_room.search.query import Filters, Finder
from tests.support.bad_json import BAD_JSON


@pytest.fixture
def store(bucket: str, tmp_path: Path) -> Store:
    return Store.open(Config(bucket=bucket, spool=tmp_path))


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    return Catalogue(tmp_path / "cache" / "catalogue.sqlite")


def version(article: str, minute: int = 0, headline: str = "A headline", **fields: Any) -> dict[str, Any]:
    return {
        "identifier": article,
        "headline": headline,
        "articleBody": "A text of two words more.",
        "articleSection": "World / Europe",
        "dateModified": f"2022-02-18T08:{minute:02}:00+08:00",
        "pressmark": {"captures": [{"capturedAt": "2022-02-18T01:00:00Z"}]},
        **fields,
    }


def export(store: Store, day: str, *versions: dict[str, Any], site: str = "newsroom") -> None:
    lines = "".join(json.dumps(each) + "\n" for each in versions)
    store.put(keys.export_lines(site, date.fromisoformat(day)), gzip.compress(lines.encode()), GZIP)


def ids(found: query.Results) -> list[str]:
    return [each.article_id for each in found.articles]


def test_only_changed_exports_are_read_again(store: Store, catalogue: Catalogue) -> None:
    export(store, "2022-02-17", version("A"))
    export(store, "2022-02-18", version("B"), version("B", 5, "Another headline"))
    first = catalogue.refresh(store, ["newsroom"])
    assert (first.days, first.versions, first.problems) == (2, 3, ())
    assert catalogue.refresh(store, ["newsroom"]).days == 0
    export(store, "2022-02-18", version("B"), version("B", 5, "Another headline"), version("C", 9))
    again = catalogue.refresh(store, ["newsroom"])
    assert (again.days, again.versions) == (1, 3)
    finder = Finder(catalogue)
    assert ids(finder.newest(Filters())) == ["C", "B", "A"]
    assert [each.versions for each in finder.newest(Filters()).articles] == [1, 2, 1]
    assert finder.sites() == [query.SiteSummary("newsroom", 3, 4, date(2022, 2, 17), date(2022, 2, 18))]
    store.client.delete_object(Bucket=store.bucket, Key=keys.export_lines("newsroom", date(2022, 2, 17)))
    catalogue.refresh(store, ["newsroom"])
    assert ids(finder.newest(Filters())) == ["C", "B"]
    assert sorted(ids(finder.search("headline", Filters()))) == ["B", "C"]
    catalogue.refresh(store, [])
    assert finder.sites() == []


def test_an_unreadable_export_is_reported_and_its_day_stays(store: Store, catalogue: Catalogue) -> None:
    export(store, "2022-02-18", version("A"))
    catalogue.refresh(store, ["newsroom"])
    for broken in (b"no gzip", gzip.compress(b"{}\n"), gzip.compress(b"[1]\n"), gzip.compress(b'{"a"\n')[:-9]):
        store.put(keys.export_lines("newsroom", date(2022, 2, 18)), broken, GZIP)
        export(store, "2022-02-19", version("B", len(broken)))
        done = catalogue.refresh(store, ["newsroom"])
        assert done.days == 1
        [problem] = done.problems
        assert problem.startswith("exports/newsroom/jsonl/date=2022-02-18/part.jsonl.gz can't be read: ")
        assert sorted(ids(Finder(catalogue).newest(Filters()))) == ["A", "B"]


def test_other_objects_are_ignored(store: Store, catalogue: Catalogue) -> None:
    for name in ("date=2022-02-31/part.jsonl.gz", "date=2022-02-18/other.gz", "date=x", "readme"):
        store.put(keys.exports_of_lines("newsroom") + name, b"?")
    assert catalogue.refresh(store, ["newsroom"]) == attrs.evolve(catalogue.refresh(store, []), days=0)


def test_a_catalogue_of_another_format_is_rebuilt(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    export(store, "2022-02-18", version("A"))
    Catalogue(path).refresh(store, ["newsroom"])
    assert Catalogue(path).refresh(store, ["newsroom"]).days == 0
    with closing(sqlite3.connect(path)) as known:
        known.execute("PRAGMA user_version = 99")
    assert Catalogue(path).refresh(store, ["newsroom"]).days == 1


def test_lists_are_narrowed(store: Store, catalogue: Catalogue) -> None:
    export(store, "2022-02-17", version("A", 1), version("B", 2, articleSection="World / Asia"))
    export(store, "2022-02-18", version("C", 3))
    export(store, "2022-02-18", version("D", 4), site="another")
    catalogue.refresh(store, ["newsroom", "another"])
    finder = Finder(catalogue)
    assert ids(finder.newest(Filters(site="newsroom"))) == ["C", "B", "A"]
    assert ids(finder.newest(Filters(section="World / Asia"))) == ["B"]
    assert ids(finder.search("text", Filters(first=date(2022, 2, 18)))) == ["D", "C"]
    assert ids(finder.search("text", Filters(last=date(2022, 2, 17), section="World / Europe"))) == ["A"]
    assert finder.sections("newsroom") == [("World / Europe", 2), ("World / Asia", 1)]
    assert finder.months("newsroom") == [("2022-02", 3)]
    assert finder.days("newsroom", "2022-02") == [("2022-02-17", 2), ("2022-02-18", 1)]


def test_an_article_is_found_once_by_the_version_that_fits_best(store: Store, catalogue: Catalogue) -> None:
    old = version("A", 1, "Ferries and ferries", articleBody="Ferries.")
    export(store, "2022-02-18", old, version("A", 2, articleBody="One ferry among many other words of a long text."))
    catalogue.refresh(store, ["newsroom"])
    found = Finder(catalogue).search("ferry", Filters())
    [article] = found.articles
    assert (found.total, found.ranked) == (1, True)
    assert (article.newest, article.versions) == (False, 2)
    assert article.headline == [(True, "Ferries"), (False, " and "), (True, "ferries")]
    assert article.excerpt == [(True, "Ferries"), (False, ".")]


def test_pages_of_a_list_miss_nothing_and_repeat_nothing(store: Store, catalogue: Catalogue) -> None:
    export(store, "2022-02-18", *(version(f"A{number:02}", number) for number in range(45)))
    catalogue.refresh(store, ["newsroom"])
    finder = Finder(catalogue)
    for pages in (
        [finder.newest(Filters(), page) for page in (1, 2, 3)],
        [finder.search("text", Filters(), page) for page in (1, 2, 3)],
    ):
        assert [each.pages for each in pages] == [3, 3, 3]
        assert sorted(name for each in pages for name in ids(each)) == [f"A{number:02}" for number in range(45)]


def test_words_that_all_have_come_newest_first(
    store: Store, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(query, "RANKED", 3)
    best = version("A", 1, "text text text", articleBody="text")
    export(store, "2022-02-18", best, *(version(f"B{number}", number) for number in range(2, 5)))
    catalogue.refresh(store, ["newsroom"])
    found = Finder(catalogue).search("text", Filters(site="newsroom"))
    assert (found.ranked, found.total) == (False, 4)
    assert ids(found) == ["B4", "B3", "B2", "A"]


ODD_LINES = {
    **BAD_JSON,
    "standfirst is an object": json.dumps(version("B", alternativeHeadline={"a": 1})).encode(),
    "a number in the place of a section": json.dumps(version("B", articleSection=10**19 - 1)).encode(),
    "headline is a list": json.dumps(version("B", headline=["a"])).encode(),
    "no zone": json.dumps(version("B", dateModified="2022-02-18T08:00:00")).encode(),
    "first year": json.dumps(version("B", dateModified="0001-01-01T00:00:00+08:00")).encode(),
}


def test_an_invalid_line_is_reported_with_its_key(store: Store, catalogue: Catalogue) -> None:
    export(store, "2022-02-18", version("A"))
    catalogue.refresh(store, ["newsroom"])
    key = keys.export_lines("newsroom", date(2022, 2, 18))
    for minute, (kind, line) in enumerate(ODD_LINES.items()):
        store.put(key, gzip.compress(json.dumps(version("A", 59)).encode() + b"\n" + line + b"\n"), GZIP)
        export(store, "2022-02-17", version("C", minute))
        done = catalogue.refresh(store, ["newsroom"])
        assert (done.days, len(done.problems)) == (1, 1), kind
        assert done.problems[0].startswith(f"{key} can't be read"), kind
        assert len(done.problems[0]) < 400, kind
        found = Finder(catalogue).newest(Filters()).articles
        assert [each.article_id for each in found] == ["C" if minute else "A", "A" if minute else "C"], kind


def test_an_export_with_damaged_gzip_is_reported(store: Store, catalogue: Catalogue) -> None:
    data = gzip.compress(json.dumps(version("A", articleBody=str(list(range(2000))))).encode() + b"\n")
    for place in range(10, len(data), len(data) // 12):
        damaged = data[:place] + bytes([data[place] ^ 0x5A]) + data[place + 1 :]
        store.put(keys.export_lines("newsroom", date(2022, 2, 18)), damaged, GZIP)
        assert len(catalogue.refresh(store, ["newsroom"]).problems) == 1, place


def test_a_search_ends_in_time(store: Store, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    export(store, "2022-02-18", *(version(f"A{number}") for number in range(2000)))
    catalogue.refresh(store, ["newsroom"])
    finder = Finder(catalogue)
    assert finder.search("text", Filters()).total == 2000
    monkeypatch.setattr(query, "SECONDS", 0.0)
    with pytest.raises(SearchTimeout):
        finder.search("text", Filters())
    assert len(finder.newest(Filters()).articles) == query.PAGE, "only searches have a bound"


def test_a_search_says_what_it_left_out(store: Store, catalogue: Catalogue) -> None:
    export(store, "2022-02-18", version("A", articleBody=" ".join(f"w{number:03}" for number in range(300))))
    catalogue.refresh(store, ["newsroom"])
    finder = Finder(catalogue)
    assert [finder.search(asked, Filters()).remarks for asked in ("text", "w0* w1*", "w299 w299 " * 40)] == [()] * 3
    found = finder.search(" ".join(f"w{number:03}*" for number in range(40)) + " absent", Filters())
    assert (ids(found), len(found.remarks)) == (["A"], 1), "words after the twentieth are left out"
    found = finder.search("w*", Filters())
    assert (ids(found), len(found.remarks)) == ([], 1), "one letter is taken for a word"
    found = finder.search("w000 " + "x" * 600, Filters())
    assert (ids(found), len(found.remarks)) == (["A"], 1), "the text after the 500th character is left out"


def test_huge_texts_are_cut_in_lists_and_excerpts(store: Store, catalogue: Catalogue) -> None:
    """Marking a word that occurs 100,000 times in one version took 78 s."""
    export(store, "2022-02-18", version("A", headline="lamps " * 200_000), version("B", articleBody="river " * 100_000))
    assert catalogue.refresh(store, ["newsroom"]).problems == ()
    finder = Finder(catalogue)
    for found in (finder.newest(Filters()), finder.search("lamps", Filters()), finder.search("river", Filters())):
        assert found.total
        for article in found.articles:
            assert sum(len(text) for _, text in article.headline) <= LONGEST_IN_LISTS + 1
            assert sum(len(text) for _, text in article.excerpt) < 1000
