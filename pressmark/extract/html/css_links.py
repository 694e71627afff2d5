"""Where CSS names what it needs: one pass over its tokens, however deep they are nested in each other.

A parser that builds a tree by recursion, as tinycss2, gives up on a thousand open brackets; nothing here needs a tree.
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
"""CSS Syntax 3, 4.3, as far as it is needed to know where strings, comments and `url(` begin."""
_IN_STRING = {quote: re.compile(rf"(?:[^\n\r\f\\{quote}]|\\(?:\r\n|(?s:.)|\Z))*+") for quote in "\"'"}
_URL = re.compile(rf"[ \t\n\r\f]*+((?:[^\s\"'()\\\x00-\x08\x0b\x0e-\x1f\x7f]|{_ESCAPE})*+)[ \t\n\r\f]*+(\)|\Z)")
_BAD_URL = re.compile(r"(?:[^)\\]|\\(?:(?s:.)|\Z))*+\)?")
_ESCAPED = re.compile(r"\\(?:([0-9a-fA-F]{1,6})(?:\r\n|[ \n\r\t\f])?|(\r\n|[\n\r\f])|((?s:.))|\Z)")
_QUOTED = re.compile(r"[ \t\n\r\f]*+[\"']")
_PAIRS = {")": "(", "]": "[", "}": "{"}
_WITH_STRINGS = {"url", "image-set", "-webkit-image-set"}
"""Functions whose strings are addresses."""


def urls_of_stylesheet(style: bytes, charset: str | None = None) -> Iterator[str]:
    """Return the URLs that a stylesheet names, in their order.

    Args:
        style: the file's bytes, read by the rules of CSS Syntax 3, 3.2.
        charset: that of its Content-Type, if it has one.
    """
    text, _ = decode_stylesheet_bytes(style, protocol_encoding=charset)
    yield from urls_of_css(text)


def urls_of_css(text: str) -> Iterator[str]:
    """Return the URLs of `url()`, `@import` and `image-set()` in a stylesheet or a style attribute, as they stand.

    The address of a namespace is a name, and is left out.
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
        elif (kind, value) != ("function", "url"):  # What is imported stands first, or in `url()`.
            rule = ""
        if kind == "function":
            opened.append(value)
        elif kind == "bracket":
            _open_or_close(opened, value)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    """Return the kind and the value of each token but blanks and comments."""
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
    """Keep account of what is open; a closing bracket that fits nothing is nothing (CSS Syntax 3, 5.4.8)."""
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
    """Return an address without quotes and the place behind it; an empty one if it is no valid one."""
    if found := _URL.match(text, position):
        return _unescaped(found[1]), found.end()
    bad = _BAD_URL.match(text, position)
    assert bad
    return "", bad.end()


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(_character, text) if "\\" in text else text


def _character(escape: re.Match[str]) -> str:
    """Return what an escape stands for (CSS Syntax 3, 4.3.7); a line end behind a backslash is left out."""
    if escape[1]:
        code = int(escape[1], 16)
        return chr(code) if 0 < code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else "\ufffd"
    return escape[3] or ""
