"""The head of an HTTP response, read by warcio's parser, which pywb and cdxj-indexer read it by, too."""

import re
from io import BytesIO
from typing import IO

import attrs
from warcio.statusandheaders import StatusAndHeadersParser

LONGEST = 32_768
"""Bytes of a head, blank line included: FastWARC refuses longer ones."""
REDIRECTS = frozenset({301, 302, 303, 307, 308})
"""Statuses whose Location is followed."""
_ANY_HEAD = 2 << 20
"""Bytes read at most of a head that somebody else wrote."""
_STATUS_LINE = re.compile(rb"(?i:HTTP/1\.[01]) ([2-9]\d\d)(?: [^\r\n]*)?\r?\n")
"""Protocol, one blank, three digits (RFC 9112, 4); the reason may be missing. None of 1xx ends an exchange.

pywb replays nothing else: not `ICY`, nor `HTTP/2.0`, nor a tab behind the digits."""
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_parser = StatusAndHeadersParser([], verify=False)


class OddHead(ValueError):
    """A head that readers of the archive would not read as it was meant."""


@attrs.frozen
class ResponseHead:
    """A status line and its headers."""

    status: str
    """As it was sent: usually three digits."""
    reason: str
    headers: list[tuple[str, str]]
    """In their order, spelled as they came."""
    size: int
    """Bytes of the head, its blank line included."""

    def get(self, name: str) -> str | None:
        """Return the first header of this name, in whatever case."""
        return next((value for each, value in self.headers if each.lower() == name), None)

    def all(self, name: str) -> list[str]:
        """Return all headers of this name, in whatever case."""
        return [value for each, value in self.headers if each.lower() == name]


def read_head(block: IO[bytes]) -> ResponseHead | None:
    """Read the head that a record's block begins with; None if the block is empty.

    Args:
        block: what follows the head of a WARC record; only FastWARC's reader and files need to fit.
    """
    data = block.read(LONGEST)
    if not _BLANK_LINE.search(data):
        data += block.read(_ANY_HEAD)
    return parse_head(data) if data else None


def header_text(part: bytes) -> str:
    """Return what a header has as text, as warcio reads it from a capture: its bytes may be any (RFC 9110, 5.5).

    Blanks of Unicode around it are dropped, U+0085 and U+00A0 too.
    """
    try:
        return part.decode("utf-8").strip()
    except UnicodeDecodeError:
        return part.decode("latin-1").strip()


def parse_head(data: bytes) -> ResponseHead:
    """Read the head that these bytes begin with; they are not empty."""
    stream = BytesIO(data)
    head = _parser.parse(stream)
    status, _, reason = head.statusline.partition(" ")
    return ResponseHead(status, reason, head.headers, stream.tell())


def checked_status(head: bytes) -> int:
    """Return the status of a head, its blank line included, that every reader of the archive reads alike.

    Raises:
        OddHead: it is too long, has no HTTP status, or readers would find its end elsewhere.
    """
    if len(head) > LONGEST:
        raise OddHead(f"its head has more than {LONGEST} bytes")
    line = _STATUS_LINE.match(head)
    if not line:
        raise OddHead("it does not begin with a status line of HTTP/1.0 or 1.1")
    if parse_head(head).size != len(head):
        raise OddHead("a line of white space alone stands in its head")
    return int(line[1])
