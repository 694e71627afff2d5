"""Finds the URLs in CSS, in one pass over its tokens, at any depth of nesting.

A recursive parser such as tinycss2 fails on a thousand open brackets; finding URLs needs no tree.
"""

import re
from collections.abc import Iterator

from tinycss2.bytes import decode_stylesheet_bytes

_ESCAPE = r"\\(?:[0-9a-fA-F]{1,6}(?:\r\n|[ \n\r\t\f])?|[^\n\r\f0-9a-fA-F])"
_NAME = rf"(?:[-\w\u0080-\U0010ffff]|{_ESCAPE})"
_TOKEN = re.compile(
    rf"""
      (?P<blank>/\*(?s:.*?)(?:\*/|\Z)|[ \t\n\r\f]++)
    | (?P<quote>["'])
    | @(?P<at>{_NAME}++)
    | (?:[\#]|[+-]?\.?[0-9]){_NAME}*+
    | (?P<name>{_NAME}++)(?P<call>\()?
    | (?P<bracket>[()\[\]{{}}])
    | (?P<other>[^\s])
    """,
    re.VERBOSE | re.ASCII,
)
"""The parts of CSS Syntax 3, 4.3 that are needed to find strings, comments and `url(`."""
_IN_STRING = {quote: re.compile(rf"(?:[^\n\r\f\\{quote}]|\\(?:\r\n|(?s:.)|\Z))*+") for quote in "\"'"}
_URL = re.compile(rf"[ \t\n\r\f]*+((?:[^\s\"'()\\\x00-\x08\x0b\x0e-\x1f\x7f]|{_ESCAPE})*+)[ \t\n\r\f]*+(\)|\Z)")
_BAD_URL = re.compile(r"(?:[^)\\]|\\(?:(?s:.)|\Z))*+\)?")
_ESCAPED = re.compile(r"\\(?:([0-9a-fA-F]{1,6})(?:\r\n|[ \n\r\t\f])?|(\r\n|[\n\r\f])|((?s:.))|\Z)")
_QUOTED = re.compile(r"[ \t\n\r\f]*+[\"']")
_PAIRS = {")": "(", "]": "[", "}": "{"}
_WITH_STRINGS = {"url", "image-set", "-webkit-image-set"}
"""Functions whose strings are URLs."""


def urls_of_stylesheet(style: bytes, charset: str | None = None) -> Iterator[str]:
    """Return the URLs in a stylesheet, in order.

    Args:
        style: the bytes of the file, decoded by CSS Syntax 3, 3.2.
        charset: of its Content-Type, if it has one.
    """
    text, _ = decode_stylesheet_bytes(style, protocol_encoding=charset)
    yield from urls_of_css(text)


def urls_of_css(text: str) -> Iterator[str]:
    """Return the URLs of `url()`, `@import` and `image-set()` in a stylesheet or a style attribute, as written.

    URLs of namespaces are only names, and are left out.
    """
    opened: list[str] = []
    rule = ""
    for kind, value in _tokens(text):
        named = rule == "import" or (opened and opened[-1] in _WITH_STRINGS)
        if rule != "namespace" and (kind == "url" or (kind == "string" and named)):
            yield value
        if kind == "at":
            rule = value
        elif rule == "namespace":
            rule = "" if value in {";", "{", "}"} else rule
        elif (kind, value) != ("function", "url"):  # The URL of an import comes first, or in `url()`.
            rule = ""
        if kind == "function":
            opened.append(value)
        elif kind == "bracket":
            _open_or_close(opened, value)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    """Return kind and value of each token, except blanks and comments."""
    position = 0
    while token := _TOKEN.search(text, position):
        position = token.end()
        if quote := token["quote"]:
            string, position = _string(text, position, quote)
            yield "string", string
        elif token["at"]:
            yield "at", _unescaped(token["at"]).lower()
        elif token["call"]:
            name = _unescaped(token["name"]).lower()
            if name == "url" and not _QUOTED.match(text, position):
                url, position = _url(text, position)
                yield "url", url
            else:
                yield "function", name
        elif token["bracket"]:
            yield "bracket", token[0]
        elif not token["blank"]:
            yield "other", token[0]


def _open_or_close(opened: list[str], bracket: str) -> None:
    """Track open brackets; an unmatched closing bracket is ignored (CSS Syntax 3, 5.4.8)."""
    if bracket in "([{":
        opened.append(bracket)
    elif opened:
        last = opened[-1] if opened[-1] in "([{" else "("
        if last == _PAIRS[bracket]:
            opened.pop()


def _string(text: str, position: int, quote: str) -> tuple[str, int]:
    found = _IN_STRING[quote].match(text, position)
    assert found
    end = found.end()
    return _unescaped(found[0]), end + 1 if text[end : end + 1] == quote else end


def _url(text: str, position: int) -> tuple[str, int]:
    """Return an unquoted URL and the position after it; an empty one if it is invalid."""
    if found := _URL.match(text, position):
        return _unescaped(found[1]), found.end()
    bad = _BAD_URL.match(text, position)
    assert bad
    return "", bad.end()


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(_character, text) if "\\" in text else text


def _character(escape: re.Match[str]) -> str:
    """Return the character of an escape (CSS Syntax 3, 4.3.7); an escaped line end is left out."""
    if escape[1]:
        code = int(escape[1], 16)
        return chr(code) if 0 < code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else "\ufffd"
    return escape[3] or ""
