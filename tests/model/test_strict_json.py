"""JSON of the bucket: what is accepted, and what is refused with a reason."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pressmark.model import strict_json
from pressmark.model.strict_json import DEPTH, PARTS, InvalidJson

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.floats(allow_nan=False, allow_infinity=False)
    # No half of a surrogate pair: UTF-8 has none.
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda values: st.lists(values) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), values),
    max_leaves=40,
)
INVALID = {
    "nested lists": b"[" * 100_000,
    "nested lists that end": b"[" * 100_000 + b"]" * 100_000,
    "nested objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "one level too deep": b"[" * (DEPTH + 1) + b"]" * (DEPTH + 1),
    "brackets after quotes that never end": b'[[[[[["' + b'\\"' * 4_000_000 + b"[" * 100,
    "quotes and brackets": b'"[' * 2_000_000,
    "many lists": b"[" + b"[]," * PARTS + b"[]]",
    "too large": b'"' + b"a" * strict_json.MOST + b'"',
    "empty": b"",
    "white space": b" \n",
    "cut": b'{"run_id": ',
    "more than one": b"{}{}",
    "no UTF-8": b'"\xff"',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "half of a pair": b'{"a": "\\ud83d"}',
    "half of a pair as a name": b'{"\\uDC00": 1}',
    "not a number": b"[NaN]",
    "infinity": b"[-Infinity]",
    "too large a number": b"[1e999]",
    "an integer of 20 digits": b"[" + b"1" * 20 + b"]",
    "an integer of many digits": b"[" + b"1" * 1_000_000 + b"]",
    "a name twice": b'{"sha256": "a", "sha256": "b"}',
    "a control character": b'"a\nb"',
    "HTML": b"<html><body>Service Unavailable</body></html>",
    "a pickle": b"\x80\x04\x95",
}


@pytest.mark.parametrize("data", INVALID.values(), ids=INVALID)
def test_what_is_invalid_says_so_in_a_line(data: bytes) -> None:
    with pytest.raises(InvalidJson) as caught:
        strict_json.loads(data)
    assert 0 < len(str(caught.value)) < 200
    assert str(caught.value).isprintable()


@given(JSON)
def test_what_python_writes_is_read(value: Any) -> None:
    for ascii_only in (True, False):
        assert strict_json.loads(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()[:-1]))
def test_what_is_read_can_be_written_and_all_else_is_invalid(data: bytes) -> None:
    try:
        value = strict_json.loads(data)
    except InvalidJson:
        return
    assert strict_json.loads(json.dumps(value, ensure_ascii=False, allow_nan=False).encode()) == value


def test_brackets_in_strings_nest_nothing() -> None:
    text = '["{\\"' * 5000
    assert strict_json.loads(json.dumps([text, [text]]).encode()) == [text, [text]]
    assert strict_json.loads(b"[" * DEPTH + b"]" * DEPTH)


def test_pairs_of_surrogates_and_a_byte_order_mark_are_read() -> None:
    assert strict_json.loads(b'\xef\xbb\xbf["\\ud83d\\ude00"]') == ["\N{GRINNING FACE}"]


def test_numbers_are_those_that_others_read() -> None:
    assert strict_json.loads(b"[9007199254740993, -1.5e3]") == [9007199254740993, -1500]
    assert math.isfinite(strict_json.loads(b"1e308"))


@pytest.mark.parametrize("data", [b"[1]", b"7", b"null", b'"a"'])
def test_an_object_is_wanted(data: bytes) -> None:
    with pytest.raises(InvalidJson, match="no JSON object"):
        strict_json.load_object(data)
