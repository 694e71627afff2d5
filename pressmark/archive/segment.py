"""One WARC file while it is written, and once it is sealed."""

import base64
import hashlib
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import attrs
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from pressmark.archive import cdxj, keys
from pressmark.archive.member import Member, members
from pressmark.capture import Capture, Exchange, Original
from pressmark.document import timestamp
from pressmark.errors import SpoolError

OPEN = ".open"
IDENTICAL = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
"""Profiles of revisit records (WARC 1.1, 6.7)."""
_CHUNK = 1 << 20
_INDEX_EVERY = 4 << 20
"""Bytes that are written before the index reads on."""


@attrs.frozen(kw_only=True)
class SealedSegment:
    """A whole WARC file on the local disk; nothing is written to it any more."""

    path: Path
    key: str
    size: int
    """Bytes."""
    sha256: str
    """Hex."""
    records: int
    index: str = attrs.field(repr=False)
    """Its CDXJ."""


class _Head(StatusAndHeaders):  # type: ignore[misc]  # warcio has no types
    """The head of an HTTP message, kept as it came: warcio's own writes it anew and changes its bytes."""

    def __init__(self, head: bytes) -> None:
        super().__init__("as it came", [])  # warcio takes an empty one for none
        self._head = head

    def compute_headers_buffer(self, header_filter: object = None) -> None:
        self.headers_buff = self._head


class _Writer(WARCWriter):  # type: ignore[misc]  # warcio has no types
    NO_PAYLOAD_DIGEST_TYPES = (*WARCWriter.NO_PAYLOAD_DIGEST_TYPES, "metadata")
    """Fields of ours are no payload (WARC 1.1, 6.8); fastwarc takes a digest of them for a wrong one."""


class Segment:
    """A WARC/1.1 file that grows by whole records; one gzip member per record (WARC 1.1, annex D).

    Raises:
        SpoolError: the file can't be written; it is cut back to its last whole record.
    """

    def __init__(self, folder: Path, site: str, run_id: str, serial: int, info: Mapping[str, str]) -> None:
        self.started_at = datetime.now(UTC)
        stamp = self.started_at.strftime("%Y%m%d%H%M%S%f")[:-3]
        self.name = f"{site}-{stamp}-{run_id}-{serial:05d}.warc.gz"
        self.key = keys.segment(site, self.started_at, self.name)
        self.records = self.size = 0
        self._path = folder / (self.name + OPEN)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("xb", buffering=0)
        except OSError as error:
            raise SpoolError(f"the spool can't be written: {error}. Set PRESSMARK_SPOOL or make room.") from error
        self._index = cdxj.Index(self.name)
        self._writer = _Writer(None, gzip=False, warc_version="1.1")
        self._write(self._writer.create_warcinfo_record(self.name, info))

    def write(self, exchange: Exchange, earlier: Capture | None = None) -> Capture:
        """Append the response, the request and what is to be told of both; return where the response lies.

        Args:
            exchange: what to write.
            earlier: the last capture of this URL; a response with the very same payload becomes a revisit of it, and
                so does a 304 of which nobody knows what it was asked for.

        Returns:
            Where the payload is: `earlier` if the response became a revisit of it.
        """
        payload, block = _digests(exchange)
        told = (payload, exchange.status, exchange.truncated)
        again = earlier if earlier and told == (earlier.payload_digest, earlier.status, None) else None
        shared = {"WARC-Date": timestamp(exchange.started_at)}
        if exchange.ip:
            shared["WARC-IP-Address"] = exchange.ip
        headers = shared | {"WARC-Record-ID": f"<{exchange.record_id}>"}
        if exchange.truncated:
            headers["WARC-Truncated"] = exchange.truncated
        kind, size = "revisit", 0
        body: IO[bytes] = BytesIO()
        if exchange.status == 304:  # No payload digest: its payload is the original's, and nobody compared it.
            headers |= _revisited(exchange.original or earlier, NOT_MODIFIED)
        elif again:
            headers |= _revisited(again, IDENTICAL) | {"WARC-Payload-Digest": payload}
        else:
            headers |= {"WARC-Payload-Digest": payload, "WARC-Block-Digest": block}
            kind, body, size = "response", exchange.response_body, exchange.size
        place = self._write(self._http(kind, exchange.url, exchange.response_head, body, size, headers))
        shared["WARC-Concurrent-To"] = f"<{exchange.record_id}>"
        sent = exchange.request_body
        self._write(self._http("request", exchange.url, exchange.request_head, BytesIO(sent), len(sent), shared))
        facts = {"via": exchange.via, "fetchTimeMs": round(exchange.seconds * 1000)}
        self._write(self._fields(exchange.url, facts, shared))
        if self.size - self._index.end >= _INDEX_EVERY:
            self._index.read_on(self._path, self.size)
        return again or Capture(
            url=exchange.url,
            warc=self.key,
            offset=place[0],
            length=place[1],
            record_id=exchange.record_id,
            payload_digest=payload,
            captured_at=exchange.started_at,
            status=exchange.status,
        )

    def tell(self, capture: Capture, fields: Mapping[str, Any]) -> None:
        """Append what became known of a capture later (a metadata record that refers to it)."""
        refers = {"WARC-Refers-To": f"<{capture.record_id}>"}
        self._write(self._fields(capture.url, fields, refers))

    def seal(self) -> SealedSegment:
        """Make the file durable under its final name."""
        try:
            self._index.read_on(self._path, self.size)
            os.fsync(self._file.fileno())
            self._file.close()
            path = self._path.rename(self._path.with_name(self.name))
            sync_folder(path.parent)
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise SpoolError(f"segment {self._path} can't be sealed: {error}") from error
        return SealedSegment(
            path=path,
            key=self.key,
            size=self.size,
            sha256=digest,
            records=self.records,
            index=str(self._index),
        )

    def _http(self, kind: str, url: str, head: bytes, body: IO[bytes], size: int, headers: dict[str, str]) -> Any:
        return self._writer.create_warc_record(
            url, kind, payload=body, length=size, http_headers=_Head(head), warc_headers_dict=headers
        )

    def _fields(self, url: str, fields: Mapping[str, Any], headers: dict[str, str]) -> Any:
        data = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value is not None).encode()
        return self._writer.create_warc_record(
            url, "metadata", payload=BytesIO(data), length=len(data), warc_headers_dict=headers
        )

    def _write(self, record: Any) -> tuple[int, int]:
        offset, member = self.size, Member(self._file)
        self._writer.out = member
        try:
            self._writer.write_record(record)
        except OSError as error:
            os.ftruncate(self._file.fileno(), offset)  # It takes no room: half a record must not be sealed.
            raise SpoolError(f"segment {self._path} can't be written: {error}. Make room.") from error
        self.size += member.length
        self.records += 1
        return offset, member.length


def sealed(path: Path, site: str) -> SealedSegment:
    """Describe a sealed file that an earlier run left on the disk."""
    stamp = path.name.removeprefix(f"{site}-")[:17]
    started_at = datetime.strptime(stamp + "000", "%Y%m%d%H%M%S%f").replace(tzinfo=UTC)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        records = sum(1 for _ in members(file))
    return SealedSegment(
        path=path,
        key=keys.segment(site, started_at, path.name),
        size=path.stat().st_size,
        sha256=digest,
        records=records,
        index=cdxj.index(path),
    )


def sync_folder(folder: Path) -> None:
    """Make a rename durable: the folder's entry is data too (fsync(2))."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _digests(exchange: Exchange) -> tuple[str, str]:
    """Return the digests of the body and of head and body as WARC writes them: SHA-1 in base32."""
    payload, block = hashlib.sha1(usedforsecurity=False), hashlib.sha1(exchange.response_head, usedforsecurity=False)
    start = exchange.response_body.tell()
    while data := exchange.response_body.read(_CHUNK):
        payload.update(data)
        block.update(data)
    exchange.response_body.seek(start)
    return _base32(payload.digest()), _base32(block.digest())


def _base32(digest: bytes) -> str:
    return f"sha1:{base64.b32encode(digest).decode()}"


def _revisited(earlier: Capture | Original | None, profile: str) -> dict[str, str]:
    headers = {"WARC-Profile": profile}
    if earlier:
        headers |= {
            "WARC-Refers-To": f"<{earlier.record_id}>",
            "WARC-Refers-To-Target-URI": earlier.url,
            "WARC-Refers-To-Date": timestamp(earlier.captured_at),
        }
    return headers
