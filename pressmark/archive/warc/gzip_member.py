"""Gzip members: a WARC file is a sequence of them, one per record (WARC 1.1, annex D)."""

import zlib
from collections.abc import Iterator
from io import RawIOBase
from typing import IO, Protocol

from isal import isal_zlib

LEVEL = 2
"""ISA-L level, from 0 to 3: on pages as small as zlib's level 9, in a tenth of its time."""
_GZIP = zlib.MAX_WBITS | 16
_CHUNK = 1 << 20


class Readable(Protocol):
    """Something that can be read in chunks."""

    def read(self, number: int, /) -> bytes:
        """Return at most this many bytes; empty at the end."""


class Member:
    """Writes one gzip member to a file, in few and large writes."""

    def __init__(self, file: RawIOBase) -> None:
        self._file = file
        self._compressor = isal_zlib.compressobj(LEVEL, isal_zlib.DEFLATED, _GZIP)
        self._waiting = bytearray()
        self.length = 0
        """Bytes that were written to the file."""

    def write(self, data: bytes) -> None:
        """Add a piece of the record."""
        self._waiting += self._compressor.compress(data)
        if len(self._waiting) >= _CHUNK:
            self._send()

    def flush(self) -> None:
        """End the member; warcio calls it once, after the record."""
        self._waiting += self._compressor.flush()
        self._send()

    @property
    def wanted(self) -> int:
        """Compressed bytes that are not in the file yet."""
        return len(self._waiting)

    def _send(self) -> None:
        view = memoryview(bytes(self._waiting))
        while view:
            written = self._file.write(view) or 0
            self.length += written
            view = view[written:]
        self._waiting.clear()


def beginning(member: bytes, most: int) -> bytes:
    """Return at most the first `most` decompressed bytes of a gzip member, which may be truncated.

    Raises:
        zlib.error: it is not a gzip member.
    """
    return zlib.decompressobj(_GZIP).decompress(member, most)


def members(file: Readable) -> Iterator[tuple[int, int]]:
    """Return offset and length of each gzip member, after checking its checksum.

    Raises:
        ValueError: a member is cut or damaged; those before it are whole.
    """
    offset, data = 0, b""
    while data := data or file.read(_CHUNK):
        member, length = zlib.decompressobj(_GZIP), 0
        while not member.eof:
            if not data:
                raise ValueError(f"the gzip member at byte {offset} is cut")
            try:
                member.decompress(data, _CHUNK)  # In chunks: a megabyte can become a gigabyte.
            except zlib.error as error:
                raise ValueError(f"the gzip member at byte {offset} is damaged: {error}") from None
            rest = member.unused_data if member.eof else member.unconsumed_tail
            length += len(data) - len(rest)
            data = rest if member.eof else rest or file.read(_CHUNK)
        yield offset, length
        offset += length


def ends_with(file: IO[bytes], offset: int, size: int) -> bool:
    """Return whether the member at this offset is whole and ends at `size`: FastWARC accepts a truncated one.

    Raises:
        ValueError: it is truncated or damaged.
    """
    file.seek(offset)
    return [length for _, length in members(file)] == [size - offset]
