"""The head of an HTTP response, read with warcio's parser, like in pywb and cdxj-indexer."""

import re
from io import BytesIO
from typing import IO

import attrs
from warcio.statusandheaders import StatusAndHeadersParser

LONGEST = 32_768
"""Maximum bytes of a head, with its blank line: FastWARC refuses longer ones."""
REDIRECTS = frozenset({301, 302, 303, 307, 308})
"""Statuses with a Location that is followed."""
_ANY_HEAD = 2 << 20
"""Maximum bytes that are read of a head from another program."""
_STATUS_LINE = re.compile(rb"(?i:HTTP/1\.[01]) ([2-9]\d\d)(?: [^\r\n]*)?\r?\n")
"""Protocol, one blank, three digits (RFC 9112, 4); the reason may be missing. A 1xx never ends an exchange.

pywb replays nothing else: not `ICY`, not `HTTP/2.0`, and no tab after the digits."""
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_parser = StatusAndHeadersParser([], verify=False)


class OddHead(ValueError):
    """A head that readers of the archive would misread."""


@attrs.frozen
class ResponseHead:
    """A status line and its headers."""

    status: str
    """As sent: usually three digits."""
    reason: str
    headers: list[tuple[str, str]]
    """In order, as received."""
    size: int
    """Bytes of the head, with its blank line."""

    def get(self, name: str) -> str | None:
        """Return the first header of this lower-case name; the case of headers does not matter."""
        return next((value for each, value in self.headers if each.lower() == name), None)

    def all(self, name: str) -> list[str]:
        """Return all headers of this lower-case name; the case of headers does not matter."""
        return [value for each, value in self.headers if each.lower() == name]


def read_head(block: IO[bytes]) -> ResponseHead | None:
    """Read the HTTP head at the start of a record's block; None if the block is empty.

    Args:
        block: the block of a WARC record, as FastWARC's reader or a file.
    """
    data = block.read(LONGEST)
    if not _BLANK_LINE.search(data):
        data += block.read(_ANY_HEAD)
    return parse_head(data) if data else None


def header_text(part: bytes) -> str:
    """Return the text of a header, whose bytes are arbitrary (RFC 9110, 5.5), as warcio reads it from a capture.

    Unicode white space around it is removed, U+0085 and U+00A0 too.
    """
    try:
        return part.decode("utf-8").strip()
    except UnicodeDecodeError:
        return part.decode("latin-1").strip()


def parse_head(data: bytes) -> ResponseHead:
    """Read the head at the start of these bytes, which must not be empty."""
    stream = BytesIO(data)
    head = _parser.parse(stream)
    status, _, reason = head.statusline.partition(" ")
    return ResponseHead(status, reason, head.headers, stream.tell())


def checked_status(head: bytes) -> int:
    """Return the status of a head (with its blank line) that all readers of the archive read in the same way.

    Raises:
        OddHead: it is too long, has no HTTP status, or readers would disagree about its end.
    """
    if len(head) > LONGEST:
        raise OddHead(f"its head has more than {LONGEST} bytes")
    line = _STATUS_LINE.match(head)
    if not line:
        raise OddHead("it does not begin with a status line of HTTP/1.0 or 1.1")
    if parse_head(head).size != len(head):
        raise OddHead("its head has a line with only white space")
    return int(line[1])
