"""Finds the character encoding of a page, and checks whether all its bytes are valid in it.

Only labels of the Encoding Standard (https://encoding.spec.whatwg.org/) are used: Python has codecs that are not
charsets (`unicode_escape`, `zip`), and lacks some labels.
"""

import re

import webencodings
from w3lib.encoding import read_bom, resolve_encoding
from web_poet import HttpResponse

_SEARCHED = 4096
"""Bytes that are searched for the page's own encoding label; the HTML standard requires it in the first 1,024."""
_COMMENT = re.compile(rb"<!--.*?(?:-->|$)", re.DOTALL)
_META = re.compile(
    rb"""<(?:meta\b[^>]*?\bcharset|\?xml\b[^>]*?\bencoding)\s*=\s*["']?\s*([^\s"'/>;?]{1,40})""", re.IGNORECASE
)
_IN_HEADER = re.compile(r"""\bcharset\s*=\s*["']?\s*([^\s"';]{1,40})""", re.IGNORECASE)
_UTF_16 = frozenset({"utf-16le", "utf-16be"})
_NO_CHARSETS = frozenset({"replacement", "x-user-defined"})
_DEFAULT = "windows-1252"


def encoding_of(body: bytes, content_type: str = "") -> str | None:
    """Return the name of Python's codec for a page; None if a byte order mark names the encoding.

    The order is that of the HTML standard (header, `meta`, windows-1252; 13.2.3.2), with one exception: valid UTF-8 is
    read as UTF-8 in spite of any label, since text in another charset is practically never valid UTF-8 and a wrong
    `charset` is common. A label of UTF-16 or ISO-2022-JP is trusted: such text can be valid UTF-8.

    Args:
        body: without content encoding.
        content_type: the header's value.
    """
    if read_bom(body)[0]:
        return None
    said = _IN_HEADER.search(content_type)
    name = _named(said[1]) if said else None
    if not name and (found := _META.search(_COMMENT.sub(b"", body[:_SEARCHED]))):
        name = _named(found[1].decode("latin-1"))
        name = "utf-8" if name in _UTF_16 else name  # The label itself could not have been read in UTF-16.
    if name not in _UTF_16 and name != "iso-2022-jp" and _is_valid_in(body, "utf-8"):
        return "utf-8"
    return _codec(name or _DEFAULT)


def _named(label: str) -> str | None:
    encoding = webencodings.lookup(label)
    return encoding.name if encoding and encoding.name not in _NO_CHARSETS else None


def _codec(name: str) -> str:
    encoding = webencodings.lookup(name)
    assert encoding
    return resolve_encoding(name) or encoding.codec_info.name


def characters_of(response: HttpResponse) -> tuple[str | None, bool]:
    """Return the encoding of a page, and whether some of its bytes were replaced by U+FFFD.

    The encoding has its name in the Encoding Standard (https://encoding.spec.whatwg.org/), e.g. `windows-1252`.
    """
    encoding = response.encoding
    if not encoding:
        return None, False
    name = encoding.lower().replace("_", "-")
    named = f"windows-{name[2:]}" if name.startswith("cp125") else name
    return named, not _is_valid_in(bytes(response.body), encoding)


def _is_valid_in(body: bytes, encoding: str) -> bool:
    try:
        body.decode(encoding)
    except UnicodeError:
        return False
    return True
