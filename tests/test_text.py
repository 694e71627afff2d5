"""Text from outside, whatever it holds: data has no control characters, and what is shown commands nothing."""

import json
import pickle
import re
import sys
import unicodedata
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pressmark.errors import FindingsFound, Rejected
from pressmark.jobs.audit.verify import Finding
from pressmark.text import LONGEST_MESSAGE, brief, clean_data, cleaned, composed, shown, shown_json, shown_lines

ANY = st.text(st.characters(categories=None), max_size=60)
"""Lone surrogates included."""
HOSTILE = "\x1b]0;owned\x07\x00\r\n\x9b31m\u2028\u2029\u202eevil\u2066\ud800\x7f\x85"


def controls(text: str) -> list[str]:
    return [each for each in text if unicodedata.category(each) in {"Cc", "Cs"} and each not in "\t\n"]


MARKS = [each for each in map(chr, range(sys.maxunicode + 1)) if unicodedata.combining(each)]


def test_a_letter_with_marks_without_end_is_composed_in_linear_time() -> None:
    """Quadratic, it would take hours."""
    made = composed("a" + "\u0301\u0327" * 1_000_000 + "b")
    assert made.replace("\u034f", "").count("\u0301") in {999_999, 1_000_000}
    assert max(map(len, re.findall(r"[\u0301\u0327]+", made))) == 30
    assert made.endswith("b")


@given(st.text(st.sampled_from(["a", "é", "中", *MARKS]), max_size=60))
@example("\u0300" * 29 + "\u0344")
def test_what_any_language_writes_is_composed_as_unicode_says(text: str) -> None:
    runs = "".join("m" if unicodedata.combining(each) else " " for each in unicodedata.normalize("NFD", text)).split()
    if max(map(len, runs), default=0) <= 30:
        assert composed(text) == unicodedata.normalize("NFC", text)
    assert composed(composed(text)) == composed(text)


def test_every_mark_is_counted() -> None:
    missed = [each for each in [*MARKS, "\u0f73", "\u0f75", "\u0f81"] if "\u034f" not in composed(f"a{each * 31}b")]
    assert missed == []


@given(ANY)
@example(HOSTILE)
def test_data_holds_no_control_characters(text: str) -> None:
    made = cleaned(text)
    assert controls(made) == []
    made.encode()
    assert cleaned(made) == made
    kept = [each for each in text if each in "\t\n" or unicodedata.category(each) not in {"Cc", "Cs"}]
    assert [each for each in made if each != " "] == [each for each in kept if each != " "], "nothing else goes"
    assert made.split() == "".join(each if each.isspace() or not controls(each) else "" for each in text).split()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | ANY,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY, inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_json_is_cleaned_at_any_depth(value: Any) -> None:
    made = json.dumps(clean_data(value), ensure_ascii=False).encode().decode()
    assert controls(made) == []
    assert clean_data(json.loads(made)) == json.loads(made)


@given(ANY)
@example(HOSTILE)
def test_what_is_shown_is_one_line_that_commands_nothing(text: str) -> None:
    line = shown(text)
    assert line.isprintable() or not any(unicodedata.category(each) in {"Cc", "Cs", "Zl", "Zp"} for each in line)
    assert len(line.splitlines()) <= 1
    assert not any(
        unicodedata.bidirectional(each) in {"RLO", "LRO", "RLE", "LRE", "RLI", "LRI", "FSI"} for each in line
    )
    line.encode()
    assert shown(line) == line, "what was shown may be shown again"
    assert shown_lines(text).split("\n") == [shown_lines(each) for each in text.split("\n")]


@given(JSON)
def test_json_that_is_shown_is_the_same_value(value: Any) -> None:
    text = shown_json(value, indent=1)
    assert json.loads(text) == value
    assert controls(text) == []
    assert not any(each in text for each in "\u2028\u202e\u2066")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("\x1b[31m", "\\x1b[31m"),
        ("a\r\nb", "a\\r\\nb"),
        ("\u202e", "\\u202e"),
        ("\U000e0041", "\\U000e0041"),
        ("\ud800", "\\ud800"),
        ("Łódź \ue000 中文 \u200d", "Łódź \ue000 中文 \u200d"),
    ],
)
def test_escapes_can_be_seen(text: str, line: str) -> None:
    assert shown(text) == line


def test_every_error_can_be_printed() -> None:
    error = FindingsFound("articles/\x1b[2J.json is broken:\n  \u202e")
    assert str(error) == "articles/\\x1b[2J.json is broken:\n  \\u202e"
    copied = pickle.loads(pickle.dumps(error))
    assert (type(copied), str(copied)) == (FindingsFound, str(error))
    finding = Finding("articles/x.json", "it says \x1b[2J\nand more")
    assert finding.problem == "it says \\x1b[2J\\nand more"


@given(st.text(st.characters(categories=None), max_size=60).map(lambda text: text * 100))
def test_a_message_about_a_page_is_brief(text: str) -> None:
    message = brief(text)
    assert len(message) <= LONGEST_MESSAGE
    assert brief(message) == message == str(Rejected("no-body", text))
    if len(shown(text)) <= LONGEST_MESSAGE:
        assert message == shown(text)
    else:
        assert message == f"{shown(text)[: LONGEST_MESSAGE - 3]}..."
