"""Text from outside: how it is cleaned for documents, and how it is shown where control characters could do harm.

Sites, buckets and disks send any character. Two rules apply everywhere (docs/bucket.md, "Characters"):

- Data has no control characters: `cleaned` removes them from every string of a document.
- Terminals, log lines and mail subjects show them as visible escapes: `shown` and `shown_lines`.

The WARC files keep the bytes as they came.
"""

import json
import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Any

LONGEST_MESSAGE = 2000
"""Characters of a message about one page, in a document, a manifest or a log."""
LONGEST_IN_LISTS = 300
"""Characters of a headline in a list, and of a window's title."""
_PARTING = re.compile("\r(?!\n)|[\x0b\x0c\x1c-\x1f\x85]")
"""Control characters that separate words: white space in Unicode (17, 4.12) and in `contentSha256`."""
_REMOVED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""C0 except tab and newline, delete, C1 (Unicode 17, 23.1), and lone UTF-16 surrogates."""
_MARKS = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
"""Explicit directional marks (Unicode Bidirectional Algorithm, UAX #9, 2)."""
_HAZARDS = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff"
    f"{_MARKS}"
    "\u2028\u2029"
    "\ufff9-\ufffb"
    "\U000e0000-\U000e007f"  # Tags: they are invisible.
)
_PERHAPS_MARKS = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u0591-\u20ff\u2cef-\u2dff\u302a-\u3030\u3099\u309a\ua66f-\uabff\ufb1e-\U0001ffff]{31}"
)
"""Blocks with combining characters (canonical combining class above 0): a fast test that avoids a slow one."""
_DOUBLE = re.compile("[\u0344\u0f73\u0f75\u0f81]")
"""Marks that NFC writes as two characters: they count as two."""
_MARK = re.compile(f"[{_MARKS}]")
_NOT_SHOWN = re.compile(f"[{_HAZARDS}\t\n]")
_NOT_SHOWN_IN_LINES = re.compile(f"[{_HAZARDS}]")
_NAMED = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}


def cleaned(text: str) -> str:
    """Return a text without control characters (except tab and newline) and without lone surrogates.

    Control characters that separate words become a blank; all others are removed.
    """
    return _REMOVED.sub("", _PARTING.sub(" ", text))


def composed(text: str) -> str:
    """Return a text in Unicode's composed form (NFC), in linear time.

    Python sorts the marks of one letter in quadratic time. So a COMBINING GRAPHEME JOINER is inserted after 30 marks
    in a row, as in the Stream-Safe Text Format (UAX #15, 13). No language uses that many.
    """
    text = _DOUBLE.sub(lambda each: unicodedata.normalize("NFD", each[0]), text)
    if _PERHAPS_MARKS.search(text):
        text = _many_marks().sub("\\g<0>\u034f", text)
    return unicodedata.normalize("NFC", text)


@cache
def _many_marks() -> re.Pattern[str]:
    marks = [each for each in map(chr, range(0x20000)) if unicodedata.combining(unicodedata.normalize("NFD", each)[0])]
    return re.compile(f"[{''.join(marks)}]{{30}}(?=[{''.join(marks)}])")


def unmarked(text: str) -> str:
    """Return a text without explicit directional marks: for text that people copy, where no element isolates it."""
    return _MARK.sub("", text)


def clean_data(value: Any) -> Any:
    """Return JSON data with all its strings and field names `cleaned`."""
    match value:
        case str():
            return cleaned(value)
        case Mapping():
            return {cleaned(name) if isinstance(name, str) else name: clean_data(each) for name, each in value.items()}
        case list() | tuple():
            return [clean_data(each) for each in value]
    return value


def shown(text: str) -> str:
    """Return a text as one line that is safe to show: characters that could break or reorder it become escapes."""
    return _NOT_SHOWN.sub(_escaped, text)


def brief(text: str) -> str:
    """Return `shown` text, cut to `LONGEST_MESSAGE` characters: a message may quote a page of any size."""
    line = shown(text[:LONGEST_MESSAGE])
    return (
        line if len(line) <= LONGEST_MESSAGE and len(text) <= LONGEST_MESSAGE else f"{line[: LONGEST_MESSAGE - 3]}..."
    )


def short(text: str) -> str:
    """Return a text for a list, cut to `LONGEST_IN_LISTS` characters; its own page shows all of it."""
    return text if len(text) <= LONGEST_IN_LISTS else f"{text[: LONGEST_IN_LISTS - 1]}…"


def counted(number: int, one: str, many: str = "") -> str:
    """Return `1 run`, `1,200 runs`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def shown_lines(text: str) -> str:
    """Return a text of several lines that is safe to show; tabs and newlines stay."""
    return _NOT_SHOWN_IN_LINES.sub(_escaped, text)


def shown_json(value: Any, indent: int | None = None) -> str:
    """Return JSON that is safe to show; parsing it gives exactly the same value."""
    return _NOT_SHOWN_IN_LINES.sub(_escaped_in_json, json.dumps(value, ensure_ascii=False, indent=indent))


def _escaped(match: re.Match[str]) -> str:
    character = match[0]
    number = ord(character)
    width, letter = (2, "x") if number < 0x100 else (4, "u") if number < 0x10000 else (8, "U")
    return _NAMED.get(character) or f"\\{letter}{number:0{width}x}"


def _escaped_in_json(match: re.Match[str]) -> str:
    return json.dumps(match[0])[1:-1]  # JSON escapes UTF-16 code units (RFC 8259, 7).
