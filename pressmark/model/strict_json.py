"""JSON that anybody may have written: in the bucket, or in a file of the spool. It is read here, or not at all.

Python's own reader raises RecursionError where lists are nested deeply, takes `NaN` and repeated names, and makes
strings that can't be written as UTF-8 again. All of that is invalid here, and it is found before memory is spent on it.
"""

import json
import math
import re
from typing import Any, NoReturn

MOST = 64 << 20
"""Bytes of a text, unless the caller says otherwise."""
DEPTH = 64
"""Lists and objects within each other."""
PARTS = 1 << 20
"""Lists and objects in a text: an empty one takes 2 bytes of text and 64 of memory."""
DIGITS = 19
"""Of an integer: those of 64 bits, which is what other readers of the bucket take."""
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_SURROGATE = re.compile(rb"\\u[dD]")


class InvalidJson(ValueError):
    """The text is no JSON, or none that may be read; the message says why, in one line."""


def loads(data: bytes, most: int = MOST) -> Any:
    """Read a JSON text (RFC 8259).

    Args:
        data: UTF-8.
        most: bytes that it may have.

    Raises:
        InvalidJson: it is none; or it is too large or nested too deeply, repeats a name, or has numbers or strings that
            other programs can't read.
    """
    if len(data) > most:
        raise InvalidJson(f"{len(data)} bytes, and at most {most} are read")
    _check_nesting(data)
    try:
        found = json.loads(
            data.decode("utf-8-sig"),
            object_pairs_hook=_unique,
            parse_constant=_refuse,
            parse_float=_finite,
            parse_int=_integer,
        )
        if _SURROGATE.search(data):
            json.dumps(found, ensure_ascii=False).encode()
    except InvalidJson:
        raise
    except UnicodeDecodeError as error:
        raise InvalidJson(f"no UTF-8 at byte {error.start}") from None
    except UnicodeEncodeError:
        raise InvalidJson("half of a surrogate pair in a string") from None
    except (ValueError, RecursionError) as error:
        raise InvalidJson(f"no JSON: {error}" if data else "it is empty") from None
    return found


def load_object(data: bytes, most: int = MOST) -> dict[str, Any]:
    """Read a JSON text that is an object.

    Raises:
        InvalidJson: as `loads`, or it is another value.
    """
    found = loads(data, most)
    if not isinstance(found, dict):
        raise InvalidJson("no JSON object")
    return found


def _check_nesting(data: bytes) -> None:
    """Count brackets before anything is built from them; those in strings are none."""
    if data.count(b"[") + data.count(b"{") <= DEPTH:
        return
    brackets = _STRING.sub(b"", data).translate(None, _NO_BRACKETS)
    if len(brackets) > 2 * PARTS:
        raise InvalidJson(f"more than {PARTS} lists and objects")
    depth = 0
    for bracket in brackets:
        depth += 1 if bracket in b"[{" else -1
        if depth > DEPTH:
            raise InvalidJson(f"lists and objects nested deeper than {DEPTH}")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise InvalidJson("a name comes twice in an object")
    return found


def _refuse(constant: str) -> NoReturn:
    raise InvalidJson(f"{constant} is no number of JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise InvalidJson("a number is too large")
    return number


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > DIGITS:
        raise InvalidJson(f"an integer has more than {DIGITS} digits")
    return int(digits)
