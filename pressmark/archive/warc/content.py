"""The content of a response: its body without chunk framing and content codings (RFC 9112, 7.1; RFC 9110, 8.4.1).

The crawl, recovery and `rederive` all decode with this module, so the same bytes always give the same text.
"""

import zlib
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any

LONGEST = 64 << 20
"""Default maximum bytes of decoded content."""
MOST_CODINGS = 5
MOST_STREAMS = 1000
"""Maximum number of gzip members or zstd frames in a body: empty ones cost time without any content."""
NO_END = "the connection was closed, and the page may be incomplete"
_HTML = {"", "text/html", "application/xhtml+xml"}
_END = b"</html"
_PIECE = 1 << 16
_GZIP = zlib.MAX_WBITS | 16
_GZIP_MAGIC = b"\x1f\x8b"
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"


class ContentError(Exception):
    """The content of a response can't be read; `reason` is a short name for counting."""

    reason: str


class CutShort(ContentError):
    """The body ends inside its chunks or its compressed stream, or may be incomplete."""

    reason = "cut-short"

    def __init__(self, message: str, so_far: bytes = b"") -> None:
        super().__init__(message)
        self.so_far = so_far
        """The decoded part."""


class TooLarge(ContentError):
    """The content is too large."""

    reason = "too-large"


class Undecodable(ContentError):
    """The body does not match its headers."""

    reason = "undecodable"


def unreadable(url: str, error: ContentError) -> str:
    """Return the message for a response with unreadable content, the same in crawl and recovery."""
    return f"the content of {url} can't be read: {error}"


def content(body: bytes, head: Iterable[tuple[str, str]], limit: int = LONGEST, *, cut: bool = False) -> bytes:
    """Return the decoded content of a body.

    Args:
        body: the bytes on the wire, with any chunk framing.
        head: the headers of the response.
        limit: bytes of the content, at most.
        cut: accept the received part of a body that ends early.

    Raises:
        CutShort, TooLarge, Undecodable: it can't be read.
    """
    headers = [(name.lower(), value) for name, value in head]
    framing = [value for name, value in headers if name == "transfer-encoding"]
    if framing and framing[0].strip().lower() == "chunked":
        try:
            body = dechunked(body)
        except CutShort as error:
            if not cut:
                raise
            body = error.so_far
    return decoded(body, (value for name, value in headers if name == "content-encoding"), limit, cut=cut)


def has_no_end(content: bytes, content_type: str) -> bool:
    """Return whether HTML lacks its end tag: a body that only ends with its connection may then be truncated.

    Args:
        content: the decoded body.
        content_type: the header as received; empty if it is missing.
    """
    kind = content_type.partition(";")[0].strip().lower()
    return kind in _HTML and bool(content) and _END not in content.replace(b"\0", b"").lower()  # NUL: UTF-16.


def dechunked(body: bytes) -> bytes:
    """Return a body without its chunk framing; extensions and trailers are dropped.

    Raises:
        CutShort: the last chunk is missing.
        Undecodable: it is not chunked.
    """
    content, view = bytearray(), memoryview(body)
    at = 0
    while True:
        end = body.find(b"\r\n", at)
        if end < 0:
            raise CutShort("the last chunk is missing", bytes(content))
        try:
            size = int(body[at:end].partition(b";")[0], 16)
        except ValueError:
            raise Undecodable(f"at byte {at} of the body there is no chunk size") from None
        if size < 0:
            raise Undecodable(f"at byte {at} of the body the chunk size is negative")
        if not size:
            return bytes(content)
        at = end + 2
        content += view[at : at + size]
        at += size + 2
        if at > len(body):
            raise CutShort("the last chunk is missing", bytes(content))


def decoded(entity: bytes, codings: Iterable[str], limit: int = LONGEST, *, cut: bool = False) -> bytes:
    """Return the content of a body without chunk framing.

    A body without the magic bytes of its coding is used as it is, and so is one with an unknown coding: browsers and
    replay tools do the same, as some servers label uncompressed bodies.

    Args:
        entity: the body.
        codings: the values of all Content-Encoding headers, in their order.
        limit: bytes of the content, at most.
        cut: accept the received part of a compressed stream that ends early.

    Raises:
        CutShort, TooLarge, Undecodable: it can't be read.
    """
    names = [name.strip().lower() for value in codings for name in value.split(",")]
    names = [name for name in names if name in _STREAMS]
    if len(names) > MOST_CODINGS:
        raise Undecodable(f"it has {len(names)} content codings, more than {MOST_CODINGS}")
    for name in reversed(names) if entity else ():
        entity = _decoded(entity, name, limit, cut=cut)
    if len(entity) > limit:
        raise TooLarge(f"the content has {len(entity)} bytes, more than {limit}")
    return entity


def _decoded(entity: bytes, name: str, limit: int, *, cut: bool) -> bytes:
    parts: list[bytes] = []
    size = 0
    try:
        for part in _STREAMS[name](entity):
            size += len(part)
            if size > limit:
                raise TooLarge(f"the content has more than {limit} bytes")
            parts.append(part)
    except _Otherwise:
        return entity
    except EOFError:
        if not cut:
            raise CutShort(f"the {name} stream has no end", b"".join(parts)) from None
    return b"".join(parts)


class _Otherwise(Exception):
    """The body does not start like its coding."""


def _begins(data: bytes, magic: bytes) -> None:
    if not data.startswith(magic):
        raise EOFError if magic.startswith(data) else _Otherwise


def _gunzipped(data: bytes) -> Iterator[bytes]:
    """Decode all gzip members (RFC 1952, 2.2); bytes after the last one are ignored."""
    _begins(data, _GZIP_MAGIC)
    at = members = 0
    while data.startswith(_GZIP_MAGIC, at):
        members = _counted(members)
        at = yield from _inflated(zlib.decompressobj(_GZIP), data, at)


def _deflated(data: bytes) -> Iterator[bytes]:
    """Decode zlib's format (RFC 1950), or the raw DEFLATE stream that some servers send."""
    if data[0] & 0x0F == zlib.DEFLATED and int.from_bytes(data[:2], "big") % 31 == 0:
        yield from _inflated(zlib.decompressobj(), data)
        return
    try:
        parts = _inflated(zlib.decompressobj(-zlib.MAX_WBITS), data)
        first = next(parts, b"")
    except (Undecodable, EOFError):
        raise _Otherwise from None
    yield first
    yield from parts


def _inflated(stream: Any, data: bytes, at: int = 0) -> Generator[bytes, None, int]:
    """Decode a stream that starts here; return its end.

    Input is fed in pieces, here and below: a decoder copies its unused input each time.
    """
    try:
        while not stream.eof:
            piece = stream.unconsumed_tail
            if not piece:
                piece = data[at : at + _PIECE]
                at += len(piece)
            part = stream.decompress(piece, _PIECE)
            if part:
                yield part
            elif not (piece or stream.eof):
                raise EOFError
    except zlib.error as error:
        raise Undecodable(f"the compressed stream is damaged: {error}") from None
    return at - len(stream.unused_data)


def _unbrotlied(data: bytes) -> Iterator[bytes]:
    import brotli  # noqa: PLC0415 - optional for readers of the bucket

    stream, at = brotli.Decompressor(), 0
    started = False
    try:
        while not stream.is_finished():
            piece = data[at : at + _PIECE] if stream.can_accept_more_data() else b""
            at += len(piece)
            part = stream.process(piece, output_buffer_limit=_PIECE)
            if part:
                started = True
                yield part
            elif at == len(data) and stream.can_accept_more_data() and not stream.is_finished():
                raise EOFError if started or not _is_text(data) else _Otherwise
    except brotli.error as error:
        if not started:
            raise _Otherwise from None
        raise Undecodable(f"the brotli stream is damaged: {error}") from None


def _is_text(data: bytes) -> bool:
    """Return whether bytes are UTF-8: brotli has no magic bytes, and may accept the first letters of a text."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _unzstded(data: bytes) -> Iterator[bytes]:
    try:
        from compression import zstd  # type: ignore[import-not-found]  # noqa: PLC0415 - of Python 3.14
    except ImportError:
        from backports import zstd  # noqa: PLC0415 - optional for readers of the bucket

    _begins(data, _ZSTD_MAGIC)
    at = frames = 0
    while data.startswith(_ZSTD_MAGIC, at):
        frames = _counted(frames)
        stream = zstd.ZstdDecompressor()
        try:
            while not stream.eof:
                piece = data[at : at + _PIECE] if stream.needs_input else b""
                at += len(piece)
                part = stream.decompress(piece, _PIECE)
                if part:
                    yield part
                elif stream.needs_input and at == len(data) and not stream.eof:
                    raise EOFError
        except zstd.ZstdError as error:
            raise Undecodable(f"the zstd stream is damaged: {error}") from None
        at -= len(stream.unused_data)


def _counted(members: int) -> int:
    """Count one more compressed stream of a body."""
    if members == MOST_STREAMS:
        raise Undecodable(f"it has more than {MOST_STREAMS} compressed streams in a row")
    return members + 1


_STREAMS: dict[str, Callable[[bytes], Iterator[bytes]]] = {
    "gzip": _gunzipped,
    "x-gzip": _gunzipped,
    "deflate": _deflated,
    "br": _unbrotlied,
    "zstd": _unzstded,
}
