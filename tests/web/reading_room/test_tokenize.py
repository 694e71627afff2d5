"""Words are found as people write them, in scripts with and without spaces."""

import sqlite3
from contextlib import closing

import pytest

from pressmark.web.reading_room.search.tokenize import (
    CLOSING,
    LONGEST,
    MOST,
    OPENING,
    join_cjk,
    marked,
    query,
    separate_cjk,
)

TEXTS = ("Night trains for Zürich", "中国与欧洲签署协议", "A co-operation pact; trainers wanted", "NEAR OR NOT AND")


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("train", [0]),
        ("zurich", [0]),
        ("trains night", [0]),
        ('"trains night"', []),
        ('"night trains"', [0]),
        ("trai*", [0, 2]),
        ("欧洲", [1]),
        ("洲欧", []),
        ("欧洲 签署", [1]),
        ("co-operation", [2]),
        ("near", [3]),
        ("NEAR OR NOT", [3]),
        ('"unclosed pact', []),
        ("pact;", [2]),
        ("headline:night", []),
    ],
)
def test_queries_find_their_texts(asked: str, found: list[int]) -> None:
    with closing(sqlite3.connect(":memory:")) as known:
        known.execute('CREATE VIRTUAL TABLE texts USING fts5 (body, tokenize = "porter unicode61 remove_diacritics 2")')
        known.executemany("INSERT INTO texts (rowid, body) VALUES (?, ?)", enumerate(map(separate_cjk, TEXTS)))
        rows = known.execute("SELECT rowid FROM texts WHERE texts MATCH ? ORDER BY rowid", (query(asked).match,))
        assert [number for (number,) in rows] == found


@pytest.mark.parametrize(
    ("asked", "match"),
    [
        ("w* " * 160, '"w"'),
        ("a_* b_*", '"a" "b"'),
        ("co-o*", '"co o"'),
        ("co-op*", '"co op"*'),
        ("欧*", '"欧"'),
        ("欧洲* train*", '"欧 洲" "train"*'),
        (" ".join(f"w{number}" for number in range(90)), " ".join(f'"w{number}"' for number in range(MOST))),
        ("x" * 600, f'"{"x" * LONGEST}"'),
        (f"{'x' * 490} words that are cut", f'"{"x" * 490}" "words"'),
    ],
)
def test_a_search_has_bounds(asked: str, match: str) -> None:
    assert query(asked).match == match


@pytest.mark.parametrize("asked", ["", "   ", '"', '""', "*", "- + ( )"])
def test_a_query_without_a_word_is_empty(asked: str) -> None:
    assert query(asked).match == ""


@pytest.mark.parametrize("text", [*TEXTS, "EU与中国 trade 协议 2022"])
def test_a_text_is_read_as_it_was_written(text: str) -> None:
    assert join_cjk(separate_cjk(text)).replace(" ", "") == text.replace(" ", "")
    assert marked(separate_cjk(text))[0][1].replace(" ", "") == text.replace(" ", "")


def test_marks_stay_where_they_are() -> None:
    assert marked(f"中 {OPENING}欧{CLOSING} {OPENING}洲{CLOSING} 签") == [
        (False, "中"),
        (True, "欧"),
        (True, "洲"),
        (False, "签"),
    ]
