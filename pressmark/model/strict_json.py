"""Strict reading of JSON from the bucket or the spool, where anybody may have written it.

Python's reader raises RecursionError for deeply nested lists, accepts `NaN` and repeated names, and makes strings that
can't be written as UTF-8. All of that is invalid here, and is detected before it takes memory.
"""

import json
import math
import re
from typing import Any, NoReturn

MOST = 64 << 20
"""Bytes of a text, unless the caller says otherwise."""
DEPTH = 64
"""Nesting of lists and objects."""
PARTS = 1 << 20
"""Lists and objects in a text: an empty one takes 2 bytes of text and 64 bytes of memory."""
DIGITS = 19
"""Digits of an integer: 64 bits, which other readers of the bucket can read."""
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_SURROGATE = re.compile(rb"\\u[dD]")


class InvalidJson(ValueError):
    """The text is not valid JSON, or breaks a limit; the message says why, in one line."""


def loads(data: bytes, most: int = MOST) -> Any:
    """Read a JSON text (RFC 8259).

    Args:
        data: UTF-8.
        most: maximum size in bytes.

    Raises:
        InvalidJson: it is not JSON, is too large or too deeply nested, repeats a name, or has numbers or strings that
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
        InvalidJson: as in `loads`, or the text is another value.
    """
    found = loads(data, most)
    if not isinstance(found, dict):
        raise InvalidJson("no JSON object")
    return found


def _check_nesting(data: bytes) -> None:
    """Count brackets outside strings before anything is built from them."""
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
